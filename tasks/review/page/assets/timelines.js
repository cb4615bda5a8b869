"use strict";
/* Timelines: the character speaks, with its waveform, words and sounds, frame by frame. */
(function () {
  var el = Review.el, SECOND = 1e6;
  var parts, clock, tracks, entry, plan, frame = -1, plans = {}, painted = "", times = {}, facts = "";

  /* What others may do with the timeline that is shown; where a page is served, it is edited. */
  Review.timelines = {
    /* Promises {plan, problem, ...} of an entry of the page's data. */
    source: fromScript,
    sound: function (address) { return Promise.resolve(address); },
    /* Where it is edited: other rows, one element for the side, what is done with items of tracks. */
    rows: null, side: null,
    time: function () { return clock ? clock.time() * SECOND : 0; },
    frame: function () { return Math.max(0, frame); },
    name: function () { return entry && entry.name; },
    plan: function () { return plan; },
    tracks: function () { return tracks; },
    seek: function (time) { clock.pause(); clock.seek(time / SECOND); },
    setPlan: setPlan,
    refresh: function () { if (plan) { showTracks(); showFacts(); } },
    grab: null, made: null,
  };

  Review.addView("timelines", "Timelines", {
    show: function (section, rest) {
      var list = Review.data.timelines || [], at = rest.split("@");
      if (!list.length) {
        Review.fill(section, el("p", {class: "empty"}, "No timeline is described yet: a voice, or only its words, in timelines/ID.json makes the character speak. ",
          el("code", {}, Review.command(["timelines:ID"])), " makes its video."));
        parts = null;
        return;
      }
      if (!parts) build(section);
      Review.fill(parts.names, list.map(function (each) { return el("option", {value: each.name}, each.name); }));
      open(list.find(function (each) { return each.name === at[0]; }) || entry && list.find(function (each) { return each.name === entry.name; }) || list[0], at[1]);
    },
    hide: function () { if (clock) clock.pause(); },
    key: key,
  });

  function key(event) {
    if (!parts) return false;
    var list = Review.data.timelines, at = list.indexOf(entry), name = event.key;
    if (name === "j" && list[at + 1]) location.hash = "timelines/" + encodeURIComponent(list[at + 1].name);
    else if (name === "k" && list[at - 1]) location.hash = "timelines/" + encodeURIComponent(list[at - 1].name);
    else if (!plan) return false;
    else if (name === " ") toggle();
    else if (name === "ArrowRight") step(1);
    else if (name === "ArrowLeft") step(-1);
    else if (name === "Home") Review.timelines.seek(0);
    else if (name === "End") Review.timelines.seek(plan.duration_us);
    else if (name === "w") playWord();
    else if (name === "+" || name === "=") tracks.zoomBy(1.5);
    else if (name === "-") tracks.zoomBy(1 / 1.5);
    else return false;
    return true;
  }
  /* What the page's own keys leave out: those with Ctrl, and those of the slider. */
  document.addEventListener("keydown", function (event) {
    if (!parts || !plan || document.getElementById("timelines").hidden || document.querySelector("dialog[open]")) return;
    var typing = /^(TEXTAREA|SELECT)$/.test(event.target.tagName) || (event.target.tagName === "INPUT" && !/^(range|checkbox)$/.test(event.target.type));
    if (typing || event.altKey || event.metaKey) return;
    if (event.ctrlKey && (event.key === "ArrowRight" || event.key === "ArrowLeft")) stepWord(event.key === "ArrowRight" ? 1 : -1);
    else if (event.key === " " && event.target === parts.scrub) toggle();
    else return;
    event.preventDefault();
  }, true);

  function build(section) {
    parts = {};
    var canvas = parts.canvas = el("canvas", {role: "img", "aria-label": "The character"});
    parts.names = el("select", {id: "timeline-names", onchange: function () { location.hash = "timelines/" + encodeURIComponent(parts.names.value); }});
    parts.play = el("button", {type: "button", id: "timeline-play", onclick: toggle}, "Play");
    parts.rate = el("select", {onchange: function () { clock.setRate(Number(parts.rate.value)); }},
      [0.25, 0.5, 0.75, 1, 1.5, 2].map(function (rate) { return el("option", {value: rate, selected: rate === 1}, rate + "×"); }));
    parts.loop = el("input", {type: "checkbox", onchange: function () { clock.loop = parts.loop.checked; }});
    parts.scrub = el("input", {type: "range", id: "timeline-scrub", min: "0", step: "1", value: "0", "aria-label": "Frame", oninput: function () {
      clock.pause();
      goTo(Number(parts.scrub.value));
    }});
    parts.now = el("dl", {class: "timeline-now"});
    ["Time", "Word", "Sound", "Mouth", "Mood", "Pose", "Picture"].forEach(function (name) {
      parts[name] = el("dd");
      parts.now.append(el("dt", {}, name), parts[name]);
    });
    parts.absent = el("p", {class: "none absent-picture", hidden: true});
    parts.anew = el("div", {class: "redraw"});
    parts.side = el("div", {});
    parts.facts = el("div", {});
    parts.problem = el("p", {class: "said failed", role: "alert", hidden: true});
    parts.tracks = el("div", {class: "tracks"});
    clock = new Review.Clock(tick, state);
    tracks = new Review.Tracks(parts.tracks, {
      seek: function (time, word) { seekTo(time, word); },
      grab: function (event, item, element) { Review.timelines.grab(event, item, element); },
      made: function (element) { Review.timelines.made(element); },
    });
    Review.fill(section,
      el("div", {class: "bar"}, el("label", {}, "Timeline ", parts.names), parts.play, el("label", {}, "Rate ", parts.rate),
        el("label", {}, parts.loop, " Again and again"),
        el("button", {type: "button", onclick: function () { stepWord(-1); }}, "Word before"),
        el("button", {type: "button", onclick: playWord}, "Say the word ", el("kbd", {}, "w")),
        el("button", {type: "button", onclick: function () { stepWord(1); }}, "Next word"),
        el("button", {type: "button", "aria-label": "Less time, larger", onclick: function () { if (plan) tracks.zoomBy(1.5); }}, "+"),
        el("button", {type: "button", "aria-label": "More time, smaller", onclick: function () { if (plan) tracks.zoomBy(1 / 1.5); }}, "−")),
      parts.problem,
      el("div", {class: "playing"},
        el("div", {class: "film"}, canvas, parts.absent),
        el("div", {class: "playing-facts"}, parts.now, parts.anew, parts.side, parts.facts)),
      parts.scrub, parts.tracks);
  }

  function fromScript(wanted) {
    if (!wanted.script) {
      return Promise.resolve({plan: null, problem: "There is no plan of " + wanted.name + " yet: " + Review.command(["timelines:" + wanted.name]) + " makes it, then open this page anew."});
    }
    return new Promise(function (resolve, reject) {
      var script = el("script", {src: wanted.script});
      Review.timelineLoaded = function (name, found) { if (name === wanted.name) resolve({plan: found, problem: ""}); };
      script.addEventListener("error", reject);
      document.head.append(script);
    });
  }

  function open(next, at) {
    var other = !entry || entry.name !== next.name;
    if (other && entry) times[entry.name] = clock.time();
    entry = next;
    parts.names.value = next.name;
    var known = plans[next.name], wanted = Number(at);
    if (known && known.seen === next.seen) {
      if (other) take(known);
      else if (plan) { painted = ""; tick(clock.time()); showFacts(); }
      return arrive(other, wanted);
    }
    if (other) { clock.pause(); problem("Loading …"); }
    var seen = next.seen;
    Review.timelines.source(next).then(function (found) {
      if (!found) return;
      found.seen = seen;
      plans[next.name] = found;
      if (entry.name !== next.name) return;
      take(found);
      arrive(other, wanted);
    }, function () { problem("What belongs to " + next.name + " cannot be read; make the page anew: " + Review.command(["review"])); });
  }
  function arrive(other, wanted) {
    if (!plan) return;
    if (wanted >= 0) clock.seek(wanted);
    else if (other) clock.seek(times[entry.name] || 0);
    tracks.go(clock.time() * SECOND, wanted >= 0 || other);
  }
  function problem(text) {
    parts.problem.hidden = !text;
    parts.problem.textContent = text;
    parts.tracks.hidden = parts.scrub.hidden = parts.now.hidden = !plan;
  }

  function take(found) {
    if (found.plan) { setPlan(found.plan); return problem(found.problem || ""); }
    plan = null;
    painted = "";
    clock.load("", 0);
    parts.canvas.getContext("2d").clearRect(0, 0, parts.canvas.width, parts.canvas.height);
    Review.fill(parts.facts);
    Review.fill(parts.anew);
    parts.absent.hidden = true;
    facts = "";
    fillSide();
    problem(found.problem);
  }
  /* One element stays there, so that nobody who types in it loses the focus. */
  function fillSide() {
    var side = Review.timelines.side && Review.timelines.side();
    if (side && parts.side.firstChild !== side) Review.fill(parts.side, side);
  }

  /* A plan that is to be shown from now on; the time stays. */
  function setPlan(found) {
    var was = clock.going;
    plan = found;
    plan.name = entry.name;
    if (plans[entry.name]) plans[entry.name].plan = found;
    plan.starts = [];
    plan.shown.reduce(function (sum, run) { plan.starts.push(sum); return sum + run[1]; }, 0);
    frame = -1;
    painted = "";
    parts.scrub.max = String(plan.frames - 1);
    problem("");
    if (plan.sound !== clock.wanted) {
      clock.wanted = plan.sound;
      clock.load("", plan.duration_us / SECOND);
      var wanted = plan.sound;
      if (wanted) Review.timelines.sound(wanted).then(function (source) { if (clock.wanted === wanted) clock.load(source, plan.duration_us / SECOND); }, function (error) { problem(error.message); });
    } else if (Math.abs(clock.length - plan.duration_us / SECOND) > 1e-6 || !was) clock.load(clock.source, plan.duration_us / SECOND);
    showTracks();
    tick(clock.time());
    showFacts();
  }

  function spans(name, list, text) {
    return list.map(function (each, index) {
      return {id: name + index, start: each[0], end: each[1], text: text ? text(each) : each[2]};
    });
  }
  function holds(name, list) {
    return list.map(function (each, index) {
      return {id: name + index, start: each[0], end: index + 1 < list.length ? list[index + 1][0] : plan.duration_us, text: each[1]};
    });
  }
  Review.timelines.spans = spans;
  Review.timelines.holds = holds;

  function showTracks() {
    var layers = plan.layers;
    var rows = [
      {name: "words", label: "Words", items: spans("word", plan.words)},
      {name: "phones", label: "Sounds", items: spans("phone", plan.phones)},
      {name: "mouth", label: "Mouth", items: spans("mouth", layers.mouth).map(function (item, index) {
        var label = layers.mouth[index][3];
        return Object.assign(item, {kind: "shape shape-" + item.text, title: item.text + (label ? " for " + label : "")});
      })},
      {name: "mood", label: "Mood", items: holds("mood", layers.mood)},
      {name: "pose", label: "Pose", items: holds("pose", layers.pose)},
      {name: "blink", label: "Blinks", items: spans("blink", layers.blink, function () { return "blink"; })},
    ];
    tracks.show(plan, Review.timelines.rows ? Review.timelines.rows(rows) : rows);
  }

  function nameOf(place) {
    var parts = place.replace(/\.png$/, "").split("/");
    var costume = parts[0] === "endpoints" || parts[0] === "sequences" ? "" : parts.shift() + "/";
    return costume + parts.slice(1).join(":");
  }
  function nameAt(index) {
    var run = Review.before(plan.starts, index, function (start) { return start; }) - 1;
    return nameOf(plan.pictures[plan.shown[Math.max(0, run)][0]]);
  }
  function pictureNames() { return plan.pictures.map(nameOf); }
  function fileOf(name) { return Review.byName[name] && Review.byName[name].file; }
  function frameAt(seconds) {
    return Math.max(0, Math.min(plan.frames - 1, Math.floor(seconds * plan.rate[0] / plan.rate[1] + 1e-6)));
  }
  /* The midst of a frame, so that no rounding leads to another one. */
  function goTo(index) { clock.seek((Math.max(0, Math.min(plan.frames - 1, index)) + 0.5) * plan.rate[1] / plan.rate[0]); }
  function step(by) { clock.pause(); goTo(frameAt(clock.time()) + by); tracks.go(clock.time() * SECOND, true); }
  function toggle() { if (clock.going) clock.pause(); else if (plan) clock.play(); }
  /* The frame in which a time lies, or begins. */
  function seekTo(time, word) {
    clock.seek(time / SECOND + (word ? 1e-4 : 0));
  }

  function wordIndex(time) { return Review.before(plan.words, time + 200, function (word) { return word[0]; }) - 1; }
  function stepWord(by) {
    if (!plan || !plan.words.length) return;
    var time = clock.time() * SECOND, at = wordIndex(time);
    var next = by > 0 ? at + 1 : at >= 0 && time - plan.words[at][0] > 250000 && clock.going ? at : at - 1;
    next = Math.max(0, Math.min(plan.words.length - 1, next));
    seekTo(plan.words[next][0], true);
    tracks.go(plan.words[next][0], true);
  }
  function playWord() {
    if (!plan || !plan.words.length) return;
    clock.pause();
    var word = plan.words[Math.max(0, wordIndex(clock.time() * SECOND))];
    clock.seek(word[0] / SECOND);
    clock.play(word[1] / SECOND);
  }

  function state() {
    if (!parts) return;
    parts.play.textContent = clock.going ? "Pause" : "Play";
    if (clock.problem) problem(clock.problem);
    if (plan && !clock.going) showAnew();
  }

  function tick(seconds) {
    if (!plan) return;
    var next = frameAt(seconds), name = nameAt(next), source = fileOf(name);
    tracks.go(Math.min(plan.duration_us, seconds * SECOND), clock.going);
    if (next === frame && (source || name) === painted) return;
    frame = next;
    ahead();
    if ((source || name) !== painted) {
      painted = source || name;
      if (source) Review.paint(parts.canvas, source);
      parts.absent.hidden = Boolean(source);
      parts.absent.textContent = source ? "" : name + " is not drawn yet";
    }
    showNow(seconds * SECOND, name);
  }
  /* What comes next is decoded before it is due. */
  function ahead() {
    for (var index = frame; index < Math.min(plan.frames, frame + 48); index++) {
      var file = fileOf(nameAt(index));
      if (file) Review.bitmap(file).catch(function () { /* it is named when it is due */ });
    }
  }

  function at(list, time) {
    var index = Review.before(list, time, function (each) { return each[0]; }) - 1;
    return list[index];
  }
  function within(list, time) { var found = at(list, time); return found && found[1] > time ? found[2] : ""; }
  function showNow(time, name) {
    parts.scrub.value = String(frame);
    var said = Review.clockTime(time / SECOND, 2) + ", frame " + (frame + 1) + " of " + plan.frames, word = within(plan.words, time);
    parts.scrub.setAttribute("aria-valuetext", said + (word ? ", " + word : ""));
    parts.Time.textContent = said;
    parts.Word.textContent = word || "–";
    parts.Sound.textContent = within(plan.phones, time) || "–";
    parts.Mouth.textContent = within(plan.layers.mouth, time) || "–";
    parts.Mood.textContent = (at(plan.layers.mood, time) || ["", "–"])[1];
    parts.Pose.textContent = (at(plan.layers.pose, time) || ["", "–"])[1];
    if (parts.Picture.textContent !== name) {
      Review.fill(parts.Picture, Review.byName[name] ? el("a", {href: "#" + encodeURIComponent(name)}, name) : name);
    }
    if (!clock.going) showAnew();
  }

  /* An in-between is drawn anew from here; a keyframe has a page of its own for that. */
  function showAnew() {
    var name = nameAt(Math.max(0, frame)), known = Review.byName[name];
    if (parts.anew.dataset.name === name + Boolean(known && known.file)) return;
    parts.anew.dataset.name = name + Boolean(known && known.file);
    var between = known && known.task.indexOf("sequences:") === 0;
    function command() { return Review.command(["-a", known.task]); }
    Review.fill(parts.anew, between && [
      !Review.serve && el("code", {tabindex: "0", role: "region", "aria-label": "Command that draws this in-between anew"}, command()),
      el("p", {class: "row"}, Review.serve
        ? el("button", {type: "button", id: "draw-anew", onclick: function () { Review.serve.redraw([name]); }}, known.file ? "Draw this in-between anew" : "Draw this in-between")
        : Review.copyButton(command, "Copy: draw this in-between anew"))]);
  }

  function showFacts() {
    showAnew();
    fillSide();
    var absent = pictureNames().filter(function (name) { return !fileOf(name); });
    function command() { return Review.command(["timelines:" + plan.name + ":frames"]); }
    // What is open stays open while the rest changes.
    var now = JSON.stringify([plan.name, absent, plan.cuts, plan.mend, plan.notes]);
    if (now === facts) return;
    facts = now;
    Review.fill(parts.facts,
      absent.length > 0 && el("div", {class: "redraw"},
        el("p", {class: "said"}, (absent.length === 1 ? "1 picture of it is" : absent.length + " pictures of it are") + " not drawn yet."),
        el("p", {class: "row"}, Review.serve
          ? el("button", {type: "button", id: "draw-absent", onclick: function () { Review.serve.run({frames: absent.filter(function (name) { return Review.byName[name]; })}); }}, "Draw what is lacking")
          : Review.copyButton(command, "Copy: draw what is lacking"))),
      plan.cuts.length > 0 && el("details", {class: "cuts"}, el("summary", {}, plan.cuts.length === 1 ? "1 cut, where no sequence leads" : plan.cuts.length + " cuts, where no sequence leads"),
        el("ul", {}, plan.cuts.slice(0, 100).map(function (cut) {
          return el("li", {}, el("button", {type: "button", onclick: function () { clock.pause(); goTo(cut[0]); tracks.go(clock.time() * SECOND, true); }}, Review.clockTime(cut[0] * plan.rate[1] / plan.rate[0], 2)), " " + cut[1] + " to " + cut[2]);
        })),
        plan.mend.length > 0 && [el("p", {}, "These base_paths would join them:"), el("pre", {class: "prompt", tabindex: "0", role: "region", "aria-label": "Base paths to add"}, plan.mend.join(",\n"))]),
      plan.notes.length > 0 && el("details", {}, el("summary", {}, "What the plan says"), el("ul", {}, plan.notes.map(function (note) { return el("li", {}, note); }))));
  }
})();
