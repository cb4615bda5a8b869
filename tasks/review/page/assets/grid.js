"use strict";
/* The grid: expressions by poses, filtered by state and text. */
(function () {
  var el = Review.el;
  var filter = {text: "", mark: "", costume: "*", faces: Review.recall("faces", true), size: Review.recall("size", window.innerWidth >= 2400 ? 320 : 160)};
  var list, shownCount;

  Review.shownFrames = function () {
    return Review.keyframes.filter(function (frame) {
      var words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
      var named = (frame.name + " " + (frame.note || "") + " " + (frame.message || "")).toLowerCase();
      if (!words.every(function (word) { return named.indexOf(word) >= 0; })) return false;
      if (filter.costume !== "*" && Review.costumeOf(frame) !== filter.costume) return false;
      if (!filter.mark) return true;
      if (filter.mark === "undecided") return Review.isUndecided(frame);
      return Review.marksOf(frame).indexOf(filter.mark) >= 0;
    });
  };

  Review.views = Review.views || {};
  Review.views.grid = {
    show: function (section) {
      if (!list) build(section);
      fillMarks();
      fillList();
    },
    focus: function (name) {
      var cell = document.getElementById("cell-" + name);
      if (cell) { cell.focus({preventScroll: true}); cell.scrollIntoView({block: "nearest"}); }
    },
  };

  var marks, costumes;
  function build(section) {
    var text = el("input", {type: "search", id: "filter", placeholder: "happy left …", oninput: function () {
      filter.text = text.value;
      fillList();
    }});
    marks = el("select", {id: "mark", onchange: function () { filter.mark = marks.value; fillList(); }});
    costumes = el("select", {id: "costume", onchange: function () { filter.costume = costumes.value; fillList(); }});
    var size = el("input", {type: "range", min: "96", max: "640", step: "4", value: filter.size, oninput: function () {
      filter.size = Number(size.value);
      Review.remember("size", filter.size);
      list.style.setProperty("--cell", filter.size + "px");
    }});
    var small = Review.keyframes.some(function (frame) { return frame.face; });
    var faces = el("input", {type: "checkbox", onchange: function () {
      filter.faces = faces.checked;
      Review.remember("faces", filter.faces);
      fillList();
    }});
    faces.checked = filter.faces;
    shownCount = el("p", {role: "status", class: "shown"});
    list = el("div", {class: "list"});
    list.style.setProperty("--cell", filter.size + "px");
    Review.fill(section,
      el("form", {class: "bar", role: "search", onsubmit: function (event) { event.preventDefault(); }},
        el("label", {}, "Name ", text), el("label", {}, "State ", marks),
        el("label", {id: "costumes"}, "Costume ", costumes), el("label", {}, "Size ", size),
        small && el("label", {}, faces, " Faces enlarged"),
        el("button", {type: "button", onclick: approveAll}, "Approve all shown"),
        shownCount),
      list);
    list.addEventListener("keydown", move);
  }

  function approveAll() {
    var names = Review.shownFrames().filter(Review.isUndecided).map(function (frame) { return frame.name; });
    if (Review.serve && names.length) Review.serve.decideAll(names, {what: "approve"});
    else if (!Review.serve) names.forEach(function (name) { Review.decide(name, {what: "approve"}); });
  }

  function fillMarks() {
    var counts = {};
    Review.keyframes.forEach(function (frame) {
      Review.marksOf(frame).forEach(function (mark) { counts[mark] = (counts[mark] || 0) + 1; });
    });
    var undecided = Review.keyframes.filter(Review.isUndecided).length;
    var options = [["", "all (" + Review.keyframes.length + ")"], ["undecided", "undecided (" + undecided + ")"]];
    Object.keys(Review.MARKS).forEach(function (mark) {
      if (counts[mark] || mark === filter.mark) options.push([mark, Review.MARKS[mark] + " (" + (counts[mark] || 0) + ")"]);
    });
    Review.fill(marks, options.map(function (option) { return el("option", {value: option[0]}, option[1]); }));
    marks.value = filter.mark;
    fillCostumes();
  }

  function fillCostumes() {
    var names = Review.data.costumes || [];
    if (names.indexOf(filter.costume) < 0) filter.costume = "*";
    costumes.parentElement.hidden = !names.length;
    Review.fill(costumes, el("option", {value: "*"}, "all (" + names.length + ")"), names.map(function (name) {
      return el("option", {value: name}, Review.outfit(name));
    }));
    costumes.value = filter.costume;
  }

  function fillList() {
    var frames = Review.shownFrames();
    var poses = Review.data.poses.filter(function (pose) {
      return frames.some(function (frame) { return frame.pose === pose; });
    });
    shownCount.textContent = frames.length === Review.keyframes.length ? "" : frames.length + " of " + Review.keyframes.length + " shown";
    list.classList.toggle("flow", poses.length < 2);
    list.style.setProperty("--poses", poses.length);
    if (!frames.length) { Review.fill(list, el("p", {class: "empty"}, "No frame is like that.")); return; }
    Review.fill(list,
      poses.length > 1 && el("div", {class: "poses", "aria-hidden": "true"}, el("span"), poses.map(function (pose) { return el("span", {title: pose}, pose); })),
      groups(frames).map(function (group) {
        var inside = poses.length > 1 ? rowsOf(group.frames, poses)
          : el("ul", {class: "cells"}, group.frames.map(function (frame) { return cell(frame, frame.expression); }));
        if (!(Review.data.costumes || []).length) return inside;
        var name = Review.outfit(group.costume);
        return el("section", {class: "costume", "aria-label": name}, el("h2", {class: "costume-name"}, name), inside);
      }));
  }

  /* The frames of each costume, in the order in which they come. */
  function groups(frames) {
    var found = [];
    frames.forEach(function (frame) {
      var last = found[found.length - 1], costume = Review.costumeOf(frame);
      if (!last || last.costume !== costume) found.push(last = {costume: costume, frames: []});
      last.frames.push(frame);
    });
    return found;
  }

  function rowsOf(frames, poses) {
    var rows = {};
    frames.forEach(function (frame) { (rows[frame.expression] = rows[frame.expression] || {})[frame.pose] = frame; });
    return Object.keys(rows).map(function (expression) {
      return el("section", {class: "expression", "aria-label": expression},
        el("h2", {title: expression}, expression),
        el("ul", {class: "cells"}, poses.map(function (pose) {
          var frame = rows[expression][pose];
          return frame ? cell(frame, pose) : el("li", {class: "gap"});
        })));
    });
  }

  /* A cell that shows what it did is kept: its picture does not flicker when others change. */
  var cells = {};
  function cell(frame, label) {
    var key = JSON.stringify([frame, label, Review.decisionOf(frame.name), filter.faces]);
    var known = cells[frame.name];
    if (!known || known.key !== key) known = cells[frame.name] = {key: key, element: newCell(frame, label)};
    return known.element;
  }

  function newCell(frame, label) {
    var shown = Review.marksOf(frame);
    var takes = (frame.takes || []).length;
    var decision = Review.decisionOf(frame.name);
    var small = filter.faces && frame.face ? frame.face : frame.thumb;
    var facts = [takes > 1 ? takes + " takes" : "", frame.cost_usd ? Review.money(frame.cost_usd) : ""].filter(Boolean).join(", ");
    var waits = decision && (decision.what === "retake" || decision.what === "pick")
      ? {retake: "new take wanted", pick: "take " + decision.take + " wanted"}[decision.what] : "";
    return el("li", {class: "cell " + shown[0] + (decision ? " decided" : "")},
      el("a", {href: "#" + encodeURIComponent(frame.name), id: "cell-" + frame.name, "data-name": frame.name,
        "aria-label": [frame.name].concat(shown.map(function (mark) { return Review.MARKS[mark]; }), facts || [], waits || []).join(", ")},
        el("span", {class: "picture"}, small
          ? Review.picture(small, "", {loading: "lazy", decoding: "async"})
          : el("span", {class: "none"}, frame.message || Review.MARKS[shown[0]])),
        el("span", {class: "label"}, el("span", {class: "name"}, label), el("span", {class: "facts"}, facts)),
        el("span", {class: "badges"}, shown.map(function (mark) { return Review.badge(mark, frame); }),
          waits && el("span", {class: "badge wanted"}, waits))));
  }

  /* Arrow keys go from cell to cell, j and k as in a frame; a, r and n decide. */
  function move(event) {
    var cells = Array.prototype.slice.call(list.querySelectorAll("a[data-name]"));
    var here = cells.indexOf(document.activeElement);
    if (here < 0) return;
    var box = cells[here].getBoundingClientRect();
    var target = null;
    if (event.key === "ArrowRight") target = cells[here + 1];
    else if (event.key === "ArrowLeft") target = cells[here - 1];
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") target = beyond(cells, box, event.key === "ArrowDown");
    if (!target) return;
    event.preventDefault();
    target.focus();
    target.scrollIntoView({block: "nearest"});
  }

  function beyond(cells, box, down) {
    var best = null, distance = Infinity;
    cells.forEach(function (other) {
      var at = other.getBoundingClientRect();
      var dy = down ? at.top - box.bottom : box.top - at.bottom;
      if (dy < -1) return;
      var far = dy * 4 + Math.abs(at.left - box.left);
      if (far < distance) { distance = far; best = other; }
    });
    return best;
  }
})();
