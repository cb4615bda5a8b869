"use strict";
/* One frame, large: compared, with its words, checks and takes, and what is decided of it. */
(function () {
  var el = Review.el;
  var compare, frame, parts, against = "neutral", compared = "";

  Review.views.frame = {
    show: function (section, name) {
      if (!parts) build(section);
      var next = Review.byName[name];
      if (!frame || next.name !== frame.name) { if (/^take:/.test(against)) against = "neutral"; }
      frame = next;
      fill();
    },
    hide: function () { if (compare) compare.stop(); compared = ""; },
    frame: function () { return frame; },
    key: function (event) {
      if (event.key === "j") go(1);
      else if (event.key === "k") go(-1);
      else if (event.key >= "1" && event.key <= "5") setMode(Review.MODES[Number(event.key) - 1][0]);
      else if (event.key === "z") setZoom(compare.zoom() === 1 ? 0 : 1);
      else if (event.key === "+" || event.key === "=") compare.zoomBy(1.25);
      else if (event.key === "-") compare.zoomBy(0.8);
      else if (event.key === " " && compare.mode === "flicker") compare.flip();
      else if (event.key === "Escape" || event.key === "g") location.hash = frame.task.indexOf("sequences:") ? "" : "sequences";
      else return false;
      return true;
    },
  };

  function order() {
    if (frame.task.indexOf("sequences:") === 0) {
      return Review.data.frames.filter(function (each) { return each.task.indexOf("sequences:") === 0; });
    }
    var shown = Review.shownFrames();
    return shown.indexOf(frame) >= 0 ? shown : Review.keyframes;
  }

  function go(step) {
    var list = order(), at = list.indexOf(frame) + step;
    if (list[at]) location.hash = encodeURIComponent(list[at].name);
  }

  function build(section) {
    parts = {};
    ["title", "badges", "place", "message", "checks", "words", "facts", "takes", "commands"].forEach(function (name) {
      parts[name] = el("div", {class: name});
    });
    parts.title = el("h2", {tabindex: "-1"});
    var stage = el("div", {class: "stage", tabindex: "0", role: "group", "aria-label": "The pictures; arrow keys move the crop"});
    stage.addEventListener("keydown", function (event) {
      var by = {ArrowLeft: [-0.05, 0], ArrowRight: [0.05, 0], ArrowUp: [0, -0.05], ArrowDown: [0, 0.05]}[event.key];
      if (by && compare.zoom()) { event.preventDefault(); compare.panBy(by[0], by[1]); }
    });
    compare = new Review.Compare(stage);
    compare.onamount = function (amount) { parts.amount.value = amount; };
    compare.onzoom = showZoom;
    parts.modes = el("fieldset", {class: "modes"}, el("legend", {}, "Compare"), Review.MODES.map(function (mode, index) {
      return el("label", {}, el("input", {type: "radio", name: "mode", value: mode[0], onchange: function () { setMode(mode[0]); }}),
        el("span", {}, mode[1], " ", el("kbd", {"aria-hidden": "true"}, String(index + 1))));
    }));
    parts.amount = el("input", {type: "range", min: "0", max: "100", value: "50", "aria-label": "How far", oninput: function () {
      compare.setAmount(Number(parts.amount.value));
    }});
    parts.flip = el("button", {type: "button", onclick: function () { compare.flip(); }}, "The other ", el("kbd", {}, "space"));
    parts.against = el("select", {onchange: function () { against = parts.against.value; fill(); }});
    parts.zoom = el("select", {onchange: function () { setZoom(Number(parts.zoom.value)); }},
      [[0, "all of it"], [0.5, "1:2"], [1, "1:1"], [2, "2:1"], [4, "4:1"]].map(function (option) {
        return el("option", {value: option[0]}, option[1]);
      }));
    parts.approve = el("button", {type: "button", class: "approve", onclick: function () { Review.approve(frame); }});
    parts.reject = el("button", {type: "button", class: "reject", onclick: function () { Review.reject(frame); }});
    parts.draw = el("button", {type: "button", onclick: function () { Review.serve.run({frames: [frame.name], anew: Boolean(frame.file)}); }});
    parts.accept = el("button", {type: "button", onclick: function () { Review.decide(frame.name, {what: "accept"}); }}, "Accept it after all");
    parts.retake = el("button", {type: "button", onclick: function () { Review.newTake(frame); }});
    Review.fill(section,
      el("div", {class: "bar"},
        el("a", {href: "#", class: "button"}, "All frames"),
        el("button", {type: "button", onclick: function () { go(-1); }}, "Previous ", el("kbd", {}, "k")),
        el("button", {type: "button", onclick: function () { go(1); }}, "Next ", el("kbd", {}, "j")),
        parts.title, parts.badges, parts.place),
      el("div", {class: "columns"},
        el("div", {class: "look"},
          el("div", {class: "bar"}, parts.modes, el("label", {}, "Beside ", parts.against), el("label", {}, "Zoom ", parts.zoom)),
          stage,
          el("div", {class: "bar amount"}, parts.amount, parts.flip)),
        el("div", {class: "facts-of"},
          el("div", {class: "bar decide"}, parts.approve, parts.reject, parts.accept, parts.retake, parts.draw),
          parts.message, parts.takes, parts.checks, parts.words, parts.facts)));
  }

  function setMode(mode) {
    compare.setMode(mode);
    showMode();
  }
  function showMode() {
    parts.modes.querySelectorAll("input").forEach(function (input) { input.checked = input.value === compare.mode; });
    var two = compare.second;
    parts.amount.hidden = !two || (compare.mode !== "slider" && compare.mode !== "onion");
    parts.flip.hidden = !two || compare.mode !== "flicker";
  }
  function setZoom(zoom) { compare.setZoom(zoom); showZoom(zoom); }
  function showZoom(zoom) {
    var known = Array.prototype.some.call(parts.zoom.options, function (option) { return Number(option.value) === zoom; });
    var own = parts.zoom.querySelector(".own");
    if (own) own.remove();
    if (!known) parts.zoom.append(el("option", {value: zoom, class: "own"}, Math.round(zoom * 100) + " %"));
    parts.zoom.value = String(zoom);
  }

  function options() {
    var found = [];
    if (frame.neutral) {
      var neutral = Review.byName[frame.neutral];
      found.push(["neutral", neutral ? neutral.name : "the portrait", neutral ? neutral.file : frame.neutral]);
    }
    (frame.takes || []).forEach(function (take) {
      found.push(["take:" + take.number, "take " + take.number + ", as it came", take.file]);
    });
    var list = order(), at = list.indexOf(frame);
    if (list[at - 1] && list[at - 1].file) found.push(["previous", "the previous: " + list[at - 1].name, list[at - 1].file]);
    found.push(["", "nothing", ""]);
    return found.filter(function (each) { return each[2] || !each[0]; });
  }

  function fill() {
    var choices = options();
    if (!choices.some(function (each) { return each[0] === against; })) against = choices[0][0];
    Review.fill(parts.against, choices.map(function (each) { return el("option", {value: each[0]}, each[1]); }));
    parts.against.value = against;
    var other = choices.find(function (each) { return each[0] === against; });
    var before = compared;
    compared = frame.file ? [frame.file, other[2], other[1]].join("\n") : "";
    if (frame.file && compared !== before) compare.show({source: frame.file, label: frame.name}, other[2] ? {source: other[2], label: other[1]} : null);
    if (!frame.file) { compare.stop(); compare.second = null; Review.fill(compare.stage, el("p", {class: "none"}, frame.message || "This frame is not there yet.")); }
    showMode();
    showZoom(compare.zoom());
    fillFacts();
  }

  function fillFacts() {
    var marks = Review.marksOf(frame), decision = Review.decisionOf(frame.name), list = order();
    parts.title.textContent = frame.name;
    Review.fill(parts.badges, marks.map(function (mark) { return Review.badge(mark, frame); }));
    parts.place.textContent = list.indexOf(frame) + 1 + " of " + list.length;
    var approved = marks.indexOf("approved") >= 0 || marks.indexOf("stale") >= 0;
    label(parts.approve, approved ? "Take approval back" : "Approve", "a", !frame.file, approved);
    label(parts.reject, marks.indexOf("rejected") >= 0 ? "Change the note" : "Reject …", "r", !frame.file, marks.indexOf("rejected") >= 0);
    var wanted = decision && decision.what === "retake";
    label(parts.retake, wanted ? "No new take" : "New take", "n", false, wanted);
    parts.accept.hidden = !Review.serve || marks.indexOf("rejected") < 0;
    parts.draw.hidden = !Review.serve;
    parts.draw.textContent = frame.file ? "Draw it anew" : "Draw it";
    var note = decision && decision.what === "reject" ? decision.note : frame.note;
    Review.fill(parts.message,
      frame.message && el("p", {class: "said failed"}, frame.message),
      marks.indexOf("stale") >= 0 && el("p", {class: "said"}, "It is approved, so that it stays as it is; by the config it would be drawn anew. Take the approval back to have that."),
      marks.indexOf("hand") >= 0 && el("p", {class: "said"}, "It was painted on, or put there, and is kept as it is. The takes below are as they came."));
    fillTakes();
    Review.fill(parts.checks, el("h3", {}, "Checks"), frame.flags
      ? el("ul", {}, frame.flags.map(function (flag) { return el("li", {class: "flag"}, flag[1]); }))
      : el("p", {}, frame.figures ? "Nothing to look at." : "Nothing was measured: that is done to takes of image models."),
      frame.figures && el("details", {}, el("summary", {}, "Figures"), el("dl", {}, Review.data.figures.map(function (name, index) {
        var value = frame.figures[index];
        return [el("dt", {}, name), el("dd", {}, value === null ? "–" : Array.isArray(value) ? value.join("×") : String(value))];
      }))));
    var words = Review.wordsOf(frame);
    Review.fill(parts.words, words && [
      el("h3", {}, frame.request && frame.engine !== "puppet" ? "Words that were sent" : "Words an image model would be sent"),
      note && el("p", {class: "said note"}, "Rejected: " + note),
      el("p", {class: "prompt", tabindex: "0", role: "region", "aria-label": "Words"}, words)]);
    if (!words && note) parts.words.append(el("p", {class: "said note"}, "Rejected: " + note));
    Review.fill(parts.facts, el("h3", {}, "Where it came from"), el("dl", {}, [
      ["Engine", frame.engine || "–"], ["Model", frame.model || "–"], ["Cost of all takes", Review.money(frame.cost_usd)],
      ["Request", frame.request || "–"], ["File", decodeURIComponent((frame.file || "–").split("?")[0])], ["Task", frame.task],
    ].map(function (pair) { return [el("dt", {}, pair[0]), el("dd", {}, pair[1])]; })),
      el("p", {class: "row"}, Review.copyButton(function () { return Review.command(["-a", frame.task]); }, "Copy: draw it anew")));
  }

  function label(button, text, key, disabled, pressed) {
    Review.fill(button, text, " ", el("kbd", {}, key));
    button.disabled = disabled;
    button.setAttribute("aria-pressed", pressed ? "true" : "false");
  }

  function fillTakes() {
    var takes = frame.takes || [];
    Review.fill(parts.takes, takes.length > 0 && [el("h3", {}, takes.length === 1 ? "One take" : takes.length + " takes"),
      el("ul", {class: "take-list"}, takes.map(function (take) {
        var said = [take.drawn_at.slice(0, 16).replace("T", " "), take.model || take.engine, Review.money(take.cost_usd)];
        return el("li", {class: take.in_use ? "in-use" : ""},
          Review.picture(take.file, "Take " + take.number, {loading: "lazy", decoding: "async"}),
          el("p", {}, el("strong", {}, "Take " + take.number), take.in_use && " in use", !take.current && " of an earlier request",
            el("br"), said.join(", "), take.rejected && [el("br"), "Rejected" + (take.note ? ": " + take.note : "")]),
          el("p", {class: "row"},
            el("button", {type: "button", "aria-label": "Compare with take " + take.number, onclick: function () { against = "take:" + take.number; fill(); }}, "Compare"),
            !take.in_use && el("button", {type: "button", "aria-label": "Use take " + take.number, onclick: function () {
              Review.decide(frame.name, {what: "pick", take: take.number});
            }}, "Use it")));
      }))]);
  }
})();
