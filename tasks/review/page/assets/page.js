"use strict";
/* The page itself: which view is shown (by the address's #), keys, the ground, help. */
(function () {
  var el = Review.el;
  var view = "", last = "";

  function parse() {
    var hash;
    try { hash = decodeURIComponent(location.hash.slice(1)); } catch (error) { hash = ""; }
    if (hash === "try") return ["try", ""];
    if (hash.indexOf("sequences") === 0 && (hash.length === 9 || hash[9] === "/")) return ["sequences", hash.slice(10)];
    var first = hash.split("/")[0];
    if (Review.added[first]) return [first, hash.slice(first.length + 1)];
    if (Review.byName[hash]) return ["frame", hash];
    return ["grid", ""];
  }

  function show() {
    var where = parse(), before = view;
    if (where[0] === "frame") last = where[1];
    if (before && before !== where[0] && Review.views[before].hide) Review.views[before].hide();
    view = where[0];
    Object.keys(Review.views).forEach(function (name) {
      document.getElementById(name).hidden = name !== view;
    });
    document.querySelectorAll("nav a").forEach(function (link) {
      var here = link.dataset.view === view || (view === "frame" && link.dataset.view === "grid");
      if (here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    });
    var section = document.getElementById(view);
    Review.views[view].show(section, where[1]);
    document.title = (where[1] ? where[1] + " – " : "") + Review.data.title + " – review";
    if (before && before !== view) {
      if (view === "grid" && last) Review.views.grid.focus(last);
      else { window.scrollTo(0, 0); document.getElementById("main-content").focus({preventScroll: true}); }
    }
    count();
  }

  function count() {
    var undecided = Review.keyframes.filter(Review.isUndecided).length;
    document.getElementById("count").textContent = undecided ? undecided + " of " + Review.keyframes.length + " undecided" : "All decided";
  }

  /* Data or decisions changed: show the same view anew. */
  Review.changed = function () {
    var focused = document.activeElement && document.activeElement.id;
    show();
    if (focused && document.getElementById(focused)) document.getElementById(focused).focus({preventScroll: true});
  };

  Review.replaceData = function (data) {
    Review.data = data;
    Review.index();
    Review.settle();
    problem();
    Review.showDecisions();
    Review.changed();
  };

  function problem() {
    var box = document.getElementById("problem");
    box.hidden = !Review.data.problem;
    box.textContent = Review.data.problem || "";
  }

  /* The frame that a key is about: the one that is large, or the one in focus in the grid. */
  function about() {
    if (view === "frame") return Review.views.frame.frame();
    var name = view === "grid" && document.activeElement && document.activeElement.dataset && document.activeElement.dataset.name;
    return name ? Review.byName[name] : null;
  }

  var KEYS = [
    ["j, k", "next and previous frame, or sequence"], ["1 to 5", "slider, side by side, onion skin, flicker, difference"],
    ["z, +, -", "a pixel for a pixel and back; larger, smaller"], ["arrows", "from cell to cell; move the crop; step through a sequence or timeline"],
    ["a", "approve, or take that back"], ["r", "reject with a note"], ["n", "a new take"],
    ["u", "take back the last decision (served)"], ["Ctrl with z, y, s", "undo, redo, save a timeline (served)"],
    ["space", "the other picture (flicker); play and pause (sequences, timelines)"], ["x", "choose an in-between to draw anew; with Shift up to it"],
    ["Ctrl with arrows, w", "from word to word; say the word (timelines)"], ["m", "open the mouth (try it)"], ["/", "to the filter"], ["g, Escape", "back to all frames"], ["?", "this help"],
  ];
  function help() {
    var dialog = document.getElementById("help");
    Review.fill(dialog, el("h2", {id: "help-title"}, "Keys"),
      el("dl", {class: "keys"}, KEYS.map(function (pair) { return [el("dt", {}, el("kbd", {}, pair[0])), el("dd", {}, pair[1])]; })),
      el("form", {method: "dialog"}, el("button", {}, "Close")));
    if (!dialog.open) dialog.showModal();
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    var target = event.target, kind = target.tagName;
    if (kind === "TEXTAREA" || kind === "SELECT" || (kind === "INPUT" && !/^(radio|checkbox|range)$/.test(target.type))) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (/^(Arrow|Home|End|Page)/.test(event.key) && kind === "INPUT") return;
    if ((event.key === " " || event.key === "Enter") && /^(BUTTON|INPUT|A|SUMMARY)$/.test(kind)) return;
    var frame = about();
    if (event.key === "?") help();
    else if (event.key === "/") { location.hash = ""; show(); document.getElementById("filter").focus(); }
    else if (frame && event.key === "a") Review.approve(frame);
    else if (frame && event.key === "r") Review.reject(frame);
    else if (frame && event.key === "n") Review.newTake(frame);
    else if (Review.serve && event.key === "u") Review.serve.undo();
    else if (view === "grid" && (event.key === "j" || event.key === "k")) step(event.key === "j" ? 1 : -1);
    else if (!Review.views[view].key || !Review.views[view].key(event)) return;
    event.preventDefault();
  });
  document.addEventListener("keyup", function (event) { if (Review.views[view].keyup) Review.views[view].keyup(event); });

  function step(by) {
    var cells = Array.prototype.slice.call(document.querySelectorAll("#grid a[data-name]"));
    var at = cells.indexOf(document.activeElement);
    var next = cells[at < 0 ? 0 : at + by];
    if (next) { next.focus(); next.scrollIntoView({block: "nearest"}); }
  }

  var ground = document.getElementById("ground"), colour = document.getElementById("ground-colour");
  function setGround() {
    colour.hidden = ground.value !== "own";
    document.documentElement.dataset.ground = ground.value;
    document.documentElement.style.setProperty("--own-ground", colour.value);
    Review.remember("ground", [ground.value, colour.value]);
  }
  var kept = Review.recall("ground", ["checker", "#c04080"]);
  ground.value = kept[0];
  if (!ground.value) ground.value = "checker";
  colour.value = kept[1];
  ground.addEventListener("change", setGround);
  colour.addEventListener("input", setGround);
  document.getElementById("help-button").addEventListener("click", help);
  document.querySelector(".skip").addEventListener("click", function (event) {
    event.preventDefault();
    document.getElementById("main-content").focus();
  });
  window.addEventListener("hashchange", show);
  setGround();
  Review.settle();
  problem();
  Review.showDecisions();
  show();
})();
