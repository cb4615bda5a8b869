"use strict";
/* Editing a timeline where the page is served: what is edited is held here, planned by the server
   after each change, taken back, and saved into its file. */
(function () {
  var el = Review.el, states = {}, state = null, parts, side;

  var edit = Review.edit = {
    /* The timeline as it is edited: plain data, never to be changed but by `change`. */
    document: function () { here(); return state && state.document; },
    rules: function () { return state.rules || {}; },
    /* One change, which Undo takes back: mutate(document). */
    change: function (mutate) { edit.during(edit.begin(), mutate); },
    /* A change that goes on, a drag: each `during` begins where `begin` was, and Undo takes all back. */
    begin: function () { return {from: state.document, state: state, begun: false}; },
    during: function (drag, mutate) {
      var next = JSON.parse(JSON.stringify(drag.from));
      mutate(next);
      if (same(next, drag.state.document)) return;
      if (!drag.begun) { drag.state.past.push(drag.from); drag.state.future = []; drag.begun = true; }
      become(drag.state, next);
    },
    onchange: function () { /* what stands beside the tracks follows */ },
  };

  function same(one, other) { return JSON.stringify(one) === JSON.stringify(other); }
  function dirty(each) { return Boolean(each.document) && !same(each.document, each.saved); }
  function become(each, next) {
    each.document = next;
    replan(each);
    if (each === state) { Review.timelines.refresh(); show(); }
  }

  /* One request at a time; what changed meanwhile is planned after it. */
  function replan(each) {
    if (each.asking) { each.again = true; return; }
    each.asking = true;
    Review.serve.send("timeline/plan", {name: each.name, document: each.document}).then(function (found) {
      each.problem = "";
      each.plan = found.plan;
      if (each === state && Review.timelines.name() === each.name) Review.timelines.setPlan(found.plan);
    }, function (error) { each.problem = error.message; }).then(function () {
      each.asking = false;
      if (each.again) { each.again = false; replan(each); }
      if (each === state) show();
    });
  }

  /* As its file is now. What is edited and not saved stays; what changed on disk can be read again. */
  Review.timelines.source = function (entry) {
    return Review.serve.get("timeline?of=" + encodeURIComponent(entry.name)).then(function (found) {
      var known = states[entry.name];
      if (!known) known = states[entry.name] = {name: entry.name, past: [], future: [], problem: ""};
      known.file = found.file;
      known.rules = found.rules;
      if (!found.document) return found;
      if (dirty(known)) {
        known.newer = found.version === known.version ? null : found;
        replan(known);
        if (known === state) show();
        return known.plan ? {plan: known.plan, problem: ""} : found;
      }
      if (known.document && !same(known.document, found.document)) { known.past.push(known.document); known.future = []; }
      arrived(known, found);
      if (known === state) show();
      return found;
    });
  };
  function arrived(each, found) {
    each.document = each.saved = found.document;
    each.version = found.version;
    each.plan = found.plan;
    each.newer = null;
    each.problem = "";
  }

  /* Whole, so that every place in it can be gone to. */
  Review.timelines.sound = function (address) {
    return fetch("sound?of=" + encodeURIComponent(Review.timelines.name()) + "&" + (address.split("?")[1] || "")).then(function (answer) {
      if (!answer.ok) throw new Error("The sound cannot be read.");
      return answer.blob();
    }).then(function (blob) { return URL.createObjectURL(blob); });
  };

  function travel(from, to) {
    if (!state || !from(state).length) return;
    to(state).push(state.document);
    become(state, from(state).pop());
  }
  function past(each) { return each.past; }
  function future(each) { return each.future; }
  function undo() { travel(past, future); }
  function redo() { travel(future, past); }

  function save() {
    var each = state, sent = each.document;
    if (!dirty(each)) return;
    parts.save.disabled = true;
    Review.serve.post("timeline/save", {name: each.name, document: sent, version: each.version}).then(function (found) {
      each.saved = sent;
      each.version = found.version;
      each.newer = null;
      each.problem = "";
    }, function (error) {
      each.problem = error.message;
      return Review.serve.get("timeline?of=" + encodeURIComponent(each.name)).then(function (found) {
        if (found.document && found.version !== each.version) each.newer = found;
      }, function () { /* it was told */ });
    }).then(show);
  }
  function readAgain() {
    var found = state.newer;
    state.past.push(state.document);
    state.future = [];
    arrived(state, found);
    become(state, found.document);
  }

  /* The timeline that is shown, as far as it can be edited. */
  function here() {
    var found = states[Review.timelines.name()];
    state = found && found.document ? found : null;
  }
  Review.timelines.side = function () {
    here();
    if (!parts) build();
    show();
    return side;
  };
  function build() {
    parts = {};
    parts.undo = el("button", {type: "button", id: "edit-undo", "aria-keyshortcuts": "Control+Z", onclick: undo}, "Undo");
    parts.redo = el("button", {type: "button", id: "edit-redo", "aria-keyshortcuts": "Control+Y", onclick: redo}, "Redo");
    parts.save = el("button", {type: "button", id: "edit-save", "aria-keyshortcuts": "Control+S", onclick: save}, "Save");
    parts.make = el("button", {type: "button", id: "edit-make", onclick: function () { Review.serve.run({timeline: Review.timelines.name()}); }}, "Make the video");
    parts.again = el("button", {type: "button", id: "edit-again", onclick: readAgain}, "Read it again");
    parts.state = el("p", {class: "hint", role: "status"});
    parts.problem = el("p", {class: "said failed", role: "alert", id: "edit-problem", hidden: true});
    parts.panel = el("div", {class: "panel"});
    side = el("div", {class: "editing"}, el("p", {class: "row"}, parts.undo, parts.redo, parts.save, parts.make, parts.again), parts.state, parts.problem, parts.panel);
    edit.panel = parts.panel;
  }
  function show() {
    if (!parts) return;
    parts.undo.disabled = !state || !state.past.length;
    parts.redo.disabled = !state || !state.future.length;
    parts.save.disabled = !state || !dirty(state);
    parts.make.disabled = Boolean(state) && dirty(state);
    parts.make.title = parts.make.disabled ? "Save first: the video is made of the file" : "";
    parts.again.hidden = !state || !state.newer;
    var said = !state ? "" : state.newer ? state.file + " was changed since by somebody else; what you see is not saved." : dirty(state) ? "Changed, and not saved yet." : "As in " + state.file + ".";
    if (parts.state.textContent !== said) parts.state.textContent = said;
    parts.problem.hidden = !state || !state.problem;
    if (state && parts.problem.textContent !== state.problem) parts.problem.textContent = state.problem;
    edit.onchange();
  }

  document.addEventListener("keydown", function (event) {
    if (!parts || !state || document.getElementById("timelines").hidden || document.querySelector("dialog[open]")) return;
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    var key = event.key.toLowerCase(), typing = event.target.tagName === "INPUT" && !/^(range|checkbox)$/.test(event.target.type);
    if (key === "s") save();
    else if (typing) return;
    else if (key === "z" && !event.shiftKey) undo();
    else if (key === "y" || key === "z") redo();
    else return;
    event.preventDefault();
  });
  window.addEventListener("beforeunload", function (event) {
    if (Object.keys(states).some(function (name) { return dirty(states[name]); })) event.preventDefault();
  });
})();
