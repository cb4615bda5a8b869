"use strict";
/* Sequences: strip, scrubber and player; in-betweens chosen to be drawn anew. */
(function () {
  var el = Review.el;
  var player, parts, sequence, chosen = {}, lastChosen = -1;

  Review.views.sequences = {
    show: function (section, name) {
      if (!Review.data.sequences.length) {
        Review.fill(section, el("p", {class: "empty"}, "No sequence is drawn yet. ", el("code", {}, Review.command(["sequences"])), " draws all that the config names."));
        parts = null;
        return;
      }
      if (!parts) build(section);
      var found = Review.data.sequences.find(function (each) { return each.name === name; });
      fillNames();
      open(found || sequence && Review.data.sequences.find(function (each) { return each.name === sequence.name; }) || Review.data.sequences[0]);
    },
    hide: function () { if (player) player.pause(); },
    key: function (event) {
      if (!parts) return false;
      var list = Review.data.sequences, at = list.indexOf(sequence);
      if (event.key === " ") toggle();
      else if (event.key === "ArrowRight") { player.pause(); player.go(player.at + 1); }
      else if (event.key === "ArrowLeft") { player.pause(); player.go(player.at - 1); }
      else if (event.key === "j" && list[at + 1]) location.hash = "sequences/" + encodeURIComponent(list[at + 1].name);
      else if (event.key === "k" && list[at - 1]) location.hash = "sequences/" + encodeURIComponent(list[at - 1].name);
      else if (event.key === "x") choose(player.at, event.shiftKey);
      else return false;
      return true;
    },
  };

  function toggle() { if (player.playing()) player.pause(); else player.play(); }

  function build(section) {
    parts = {};
    var canvas = el("canvas", {role: "img", "aria-label": "The sequence"});
    parts.names = el("select", {id: "sequence-names", onchange: function () { location.hash = "sequences/" + encodeURIComponent(parts.names.value); }});
    parts.play = el("button", {type: "button", onclick: toggle}, "Play");
    parts.scrub = el("input", {type: "range", min: "0", value: "0", "aria-label": "Frame", oninput: function () {
      player.pause();
      player.go(Number(parts.scrub.value));
    }});
    parts.rate = el("select", {onchange: function () { player.rate = Number(parts.rate.value); }},
      [0.1, 0.25, 0.5, 1, 2, 4].map(function (rate) { return el("option", {value: rate, selected: rate === 1}, rate + "×"); }));
    parts.back = el("input", {type: "checkbox", onchange: function () { player.back = parts.back.checked; }});
    parts.loop = el("input", {type: "checkbox", checked: true, onchange: function () { player.loop = parts.loop.checked; }});
    parts.now = el("p", {class: "now"});
    parts.strip = el("ol", {class: "strip", "aria-label": "Frames of the sequence"});
    parts.redraw = el("div", {class: "redraw"});
    player = new Review.Player(canvas, step);
    player.back = true;
    parts.back.checked = true;
    Review.fill(section,
      el("div", {class: "bar"}, el("label", {}, "Sequence ", parts.names), parts.play, el("label", {}, "Rate ", parts.rate),
        el("label", {}, parts.back, " There and back"), el("label", {}, parts.loop, " Again and again")),
      el("div", {class: "film"}, canvas),
      el("div", {class: "bar"}, parts.scrub, parts.now), parts.strip, parts.redraw);
  }

  function fillNames() {
    Review.fill(parts.names, Review.data.sequences.map(function (each) { return el("option", {value: each.name}, each.name); }));
  }

  function open(next) {
    var other = !sequence || sequence.name !== next.name;
    sequence = next;
    if (other) { chosen = {}; lastChosen = -1; }
    parts.names.value = next.name;
    parts.scrub.max = String(next.frames.length - 1);
    parts.boxes = next.frames.map(function (frame, index) {
      var known = Review.byName[frame.name];
      var ends = known && (frame.t === 0 || frame.t === 1);
      var box = el("input", {type: "checkbox", disabled: ends || !known, "aria-label": "Draw " + frame.name + " anew", onclick: function (event) { choose(index, event.shiftKey); }});
      var item = el("li", {},
        el("button", {type: "button", "aria-label": "Show " + frame.name, onclick: function () { player.pause(); player.go(index); }},
          known && known.thumb ? Review.picture(known.thumb, "", {loading: "lazy"}) : "not there"),
        el("label", {}, box, " ", el("span", {}, (frame.t * 100).toFixed(0) + " %")));
      item.box = box;
      return item;
    });
    Review.fill(parts.strip, parts.boxes);
    player.load(next.frames.filter(function (frame) { return Review.byName[frame.name] && Review.byName[frame.name].file; }).map(function (frame) {
      return {source: Review.byName[frame.name].file, ms: frame.ms, name: frame.name, t: frame.t};
    }));
    showChosen();
  }

  function step(index) {
    if (!sequence || !player.steps[index]) return;
    var shown = player.steps[index], begin = 0;
    for (var each = 0; each < index; each++) begin += player.steps[each].ms;
    parts.scrub.value = String(index);
    parts.scrub.setAttribute("aria-valuetext", shown.name);
    parts.play.textContent = player.playing() ? "Pause" : "Play";
    Review.fill(parts.now, el("a", {href: "#" + encodeURIComponent(shown.name)}, shown.name), " at " + begin + " of " + sequence.duration_ms + " ms, " + (shown.t * 100).toFixed(1) + " % of the way");
    parts.boxes.forEach(function (item, other) { item.classList.toggle("here", other === index); });
  }

  function choose(index, range) {
    var from = range && lastChosen >= 0 ? lastChosen : index;
    var on = !chosen[index];
    for (var each = Math.min(from, index); each <= Math.max(from, index); each++) {
      var frame = sequence.frames[each];
      if (frame.t === 0 || frame.t === 1) continue;
      if (range || on) chosen[each] = true; else delete chosen[each];
    }
    lastChosen = index;
    showChosen();
  }

  /* The middle first: an in-between is drawn from its neighbours of the level above. */
  function redrawCommand() {
    var names = Object.keys(chosen).map(Number).map(function (index) { return sequence.frames[index]; });
    names.sort(function (one, other) { return level(one.t) - level(other.t) || one.t - other.t; });
    return Review.command(["-a"].concat(names.map(function (frame) { return "sequences:" + frame.name; })));
  }
  function level(t) {
    for (var depth = 0; depth < 20; depth++) { var part = t * Math.pow(2, depth); if (part === Math.floor(part)) return depth; }
    return 20;
  }

  function showChosen() {
    var count = Object.keys(chosen).length;
    parts.boxes.forEach(function (item, index) { item.box.checked = Boolean(chosen[index]); });
    Review.fill(parts.redraw, count
      ? [el("p", {}, count === 1 ? "1 in-between is chosen to be drawn anew; its neighbours stay." : count + " in-betweens are chosen to be drawn anew, the middle first; what is around them stays."),
        el("code", {tabindex: "0", role: "region", "aria-label": "Command that draws them"}, redrawCommand()),
        el("p", {class: "row"}, Review.serve
          ? el("button", {type: "button", onclick: function () { Review.serve.redraw(Object.keys(chosen).map(function (index) { return sequence.frames[index].name; })); }}, "Draw them anew") : null,
          Review.copyButton(redrawCommand, "Copy the command"))]
      : el("p", {class: "hint"}, "Tick in-betweens to have them drawn anew: x ticks the one that is shown, with Shift a range."));
  }
})();
