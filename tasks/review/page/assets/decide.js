"use strict";
/* Decisions: from disk they collect into one line to copy; served, they are done at once. */
(function () {
  var el = Review.el;
  var chosen = Review.recall("decisions", {});

  /* A frame's decision here: {what: "approve" | "reject" | "retake" | "pick", note, take}. */
  Review.decisionOf = function (name) { return chosen[name] || null; };

  Review.decide = function (name, decision) {
    if (Review.serve) return Review.serve.decide(name, decision);
    if (decision) chosen[name] = decision; else delete chosen[name];
    keep();
    return Promise.resolve();
  };

  function keep() {
    Review.remember("decisions", chosen);
    Review.showDecisions();
    Review.changed();
  }

  /* What a frame counts as, with the decisions that are not carried out yet. */
  Review.marksOf = function (frame) {
    var decision = Review.decisionOf(frame.name);
    if (!decision || decision.what === "retake" || decision.what === "pick") return frame.marks;
    var others = frame.marks.filter(function (mark) {
      return mark !== "approved" && mark !== "rejected" && mark !== "stale";
    });
    var mark = {approve: "approved", reject: "rejected"}[decision.what];
    return mark ? [mark].concat(others) : others;
  };

  Review.isUndecided = function (frame) {
    var marks = Review.marksOf(frame);
    return Boolean(frame.file) && marks.indexOf("approved") < 0 && marks.indexOf("rejected") < 0
      && marks.indexOf("stale") < 0 && !Review.decisionOf(frame.name);
  };

  Review.commandLine = function () {
    var by = {approve: [], unapprove: [], retake: []};
    var single = [];
    Object.keys(chosen).sort().forEach(function (name) {
      var decision = chosen[name];
      if (by[decision.what]) by[decision.what].push("-f", name);
      else if (decision.what === "reject") single.push(["reject", "-f", name, "--note=" + (decision.note || "")]);
      else single.push(["pick", "-f", name, "-t", String(decision.take)]);
    });
    var lines = [];
    if (by.approve.length) lines.push(["approve"].concat(by.approve));
    if (by.unapprove.length) lines.push(["approve", "--undo"].concat(by.unapprove));
    lines = lines.concat(single);
    for (var index = 1; index < by.retake.length; index += 2) lines.push(["retake", "-f", by.retake[index]]);
    return lines.map(Review.command).join(" && ");
  };

  Review.showDecisions = function () {
    var box = document.getElementById("decisions");
    var names = Object.keys(chosen);
    box.hidden = !names.length || Boolean(Review.serve);
    document.body.classList.toggle("deciding", !box.hidden);
    if (box.hidden) return;
    var many = names.length === 1 ? "1 decision" : names.length + " decisions";
    Review.fill(box,
      el("strong", {}, many),
      el("code", {tabindex: "0", role: "region", "aria-label": "Command that carries them out"}, Review.commandLine()),
      Review.copyButton(Review.commandLine, "Copy the command"),
      el("button", {type: "button", onclick: function () { chosen = {}; keep(); }}, "Forget all"));
  };

  /* Once a command was run, its decisions are in the data, and no longer to be carried out. */
  Review.settle = function () {
    Object.keys(chosen).forEach(function (name) {
      var frame = Review.byName[name], decision = chosen[name];
      if (!frame) { delete chosen[name]; return; }
      var marks = frame.marks;
      var done = (decision.what === "approve" && marks.indexOf("approved") >= 0)
        || (decision.what === "unapprove" && marks.indexOf("approved") < 0 && marks.indexOf("stale") < 0)
        || (decision.what === "reject" && marks.indexOf("rejected") >= 0)
        || (decision.what === "retake" && (frame.takes || []).length > decision.takes);
      if (done) delete chosen[name];
    });
    Review.remember("decisions", chosen);
  };

  Review.approve = function (frame) {
    if (!frame.file) return;
    var marks = Review.marksOf(frame), decision = Review.decisionOf(frame.name);
    var approved = marks.indexOf("approved") >= 0 || marks.indexOf("stale") >= 0;
    if (!Review.serve && decision && decision.what === "approve") Review.decide(frame.name, null);
    else Review.decide(frame.name, {what: approved ? "unapprove" : "approve"});
  };

  Review.newTake = function (frame) {
    var decision = Review.decisionOf(frame.name);
    if (Review.serve) askHowMany(frame);
    else if (decision && decision.what === "retake") Review.decide(frame.name, null);
    else Review.decide(frame.name, {what: "retake", takes: (frame.takes || []).length});
  };

  function askHowMany(frame) {
    var dialog = document.getElementById("note");
    var count = el("input", {type: "number", id: "take-count", min: "1", max: "20", value: "1", required: true});
    var known = (frame.takes || []).map(function (take) { return take.cost_usd; }).filter(function (cost) { return cost; });
    var form = el("form", {onsubmit: function (event) {
      event.preventDefault();
      dialog.close();
      Review.decide(frame.name, {what: "retake", count: Number(count.value)});
    }},
      el("h2", {id: "note-title"}, "New takes of " + frame.name),
      el("label", {for: "take-count"}, "How many? Each is drawn by the engine, and paid for within the budget; the one in use stays in use."),
      count,
      known.length ? el("p", {class: "hint"}, "The last one cost " + Review.money(known[known.length - 1]) + ".") : null,
      el("p", {class: "row"},
        el("button", {type: "submit"}, "Draw"),
        el("button", {type: "button", onclick: function () { dialog.close(); }}, "Cancel")));
    Review.fill(dialog, form);
    dialog.showModal();
    count.select();
  }

  Review.reject = function (frame) {
    var decision = Review.decisionOf(frame.name);
    if (!frame.file) return;
    if (!Review.serve && decision && decision.what === "reject") { Review.decide(frame.name, null); return; }
    var dialog = document.getElementById("note");
    var text = el("textarea", {id: "note-text", rows: "3", maxlength: "500"});
    text.value = frame.note || "";
    var form = el("form", {onsubmit: function (event) {
      event.preventDefault();
      dialog.close();
      Review.decide(frame.name, {what: "reject", note: text.value.trim()});
    }},
      el("h2", {id: "note-title"}, "Reject " + frame.name),
      el("label", {for: "note-text"}, "What should be different? It is shown beside the words to change."),
      text,
      el("p", {class: "row"},
        el("button", {type: "submit", class: "reject"}, "Reject"),
        el("button", {type: "button", onclick: function () { dialog.close(); }}, "Cancel")));
    text.addEventListener("keydown", function (event) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    Review.fill(dialog, form);
    dialog.showModal();
    text.focus();
  };
})();
