"use strict";
/* What all views share: the data, elements, what the browser remembers, commands to copy. */
var Review = {};

(function () {
  Review.data = JSON.parse(document.getElementById("data").textContent);

  Review.MARKS = {
    failed: "failed", batch: "in a batch", missing: "missing", stale: "approved, out of date",
    approved: "approved", rejected: "rejected", flagged: "flagged", hand: "kept by hand",
    portrait: "portrait", final: "final", draft: "draft",
  };

  /* An element: el("p", {class: "x", onclick: f}, child, "text"). Text is always text. */
  Review.el = function (tag, attributes) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) {
      var value = attributes[name];
      if (value === null || value === undefined || value === false) return;
      if (name.slice(0, 2) === "on") element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    });
    for (var index = 2; index < arguments.length; index++) append(element, arguments[index]);
    return element;
  };

  function append(element, child) {
    if (Array.isArray(child)) child.forEach(function (each) { append(element, each); });
    else if (child !== null && child !== undefined && child !== false) element.append(child);
  }

  Review.fill = function (element) {
    element.textContent = "";
    for (var index = 1; index < arguments.length; index++) append(element, arguments[index]);
    return element;
  };

  /* An outfit as people read it, and a frame's name in the outfit of another. */
  Review.costumeOf = function (frame) { return frame && frame.costume || ""; };
  Review.outfit = function (costume) { return costume || Review.data.own_outfit; };
  Review.named = function (costume, expression, pose) {
    return (costume ? costume + "/" : "") + expression + "__" + pose;
  };

  /* Frames by name, and how each is called: tweens are no keyframes. */
  Review.index = function () {
    Review.byName = {};
    Review.data.frames.forEach(function (frame) { Review.byName[frame.name] = frame; });
    Review.keyframes = Review.data.frames.filter(function (frame) {
      return frame.task.indexOf("endpoints:") === 0;
    });
    var named = {};
    Review.keyframes.forEach(function (frame) { named[frame.expression] = true; });
    Review.expressions = Object.keys(named);
  };
  Review.index();

  /* What the browser keeps for this project; a page works without it, too. */
  var prefix = "doit-review:" + Review.data.project + ":";
  Review.remember = function (name, value) {
    try { localStorage.setItem(prefix + name, JSON.stringify(value)); } catch (error) { /* full, or off */ }
  };
  Review.recall = function (name, fallback) {
    try {
      var text = localStorage.getItem(prefix + name);
      return text === null ? fallback : JSON.parse(text);
    } catch (error) { return fallback; }
  };

  /* A further view, at #name or #name/rest: {show(section, rest), hide(), key(event)}. */
  Review.views = {};
  Review.added = {};
  Review.addView = function (name, label, view) {
    Review.views[name] = view;
    Review.added[name] = true;
    document.querySelector("nav").append(Review.el("a", {href: "#" + name, "data-view": name}, label));
    document.getElementById("main-content").append(Review.el("section", {id: name, "aria-label": label, hidden: true}));
  };

  Review.quoted = function (text) {
    return /^[\w@%+=:,./-]+$/.test(text) ? text : "'" + text.replace(/'/g, "'\\''") + "'";
  };
  Review.command = function (words) {
    return ["doit"].concat(words.slice(0, 1), Review.data.command, words.slice(1)).map(Review.quoted).join(" ");
  };

  Review.money = function (usd) {
    if (usd === null || usd === undefined) return "–";
    return "$" + (usd && usd < 0.1 ? usd.toFixed(3) : usd.toFixed(2));
  };
  Review.wordsOf = function (frame) {
    return (frame.words || []).map(function (index) { return Review.data.lines[index]; }).join("\n");
  };
  Review.still = function () {
    return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  };

  /* Something that happened: told at the foot, for a while. */
  var saying;
  Review.say = function (text, wrong) {
    var box = document.getElementById("said");
    clearTimeout(saying);
    box.textContent = text;
    box.hidden = !text;
    box.classList.toggle("wrong", Boolean(wrong));
    saying = setTimeout(function () { box.hidden = true; }, wrong ? 12000 : 5000);
  };

  Review.copyButton = function (text, label) {
    return Review.el("button", {type: "button", onclick: function (event) {
      var button = event.currentTarget;
      navigator.clipboard.writeText(text()).then(function () {
        button.textContent = "Copied";
        setTimeout(function () { button.textContent = label; }, 1500);
      }, function () { button.textContent = "Select the text and copy it"; });
    }}, label);
  };

  Review.badge = function (mark, frame) {
    var title = mark === "flagged" && frame && frame.flags
      ? frame.flags.map(function (flag) { return flag[1]; }).join("; ") : "";
    return Review.el("span", {class: "badge " + mark, title: title || null}, Review.MARKS[mark]);
  };

  /* Where a picture is: from disk at its address, served under it. */
  Review.source = function (address) {
    return Review.data.served ? "picture?of=" + encodeURIComponent(address) : address;
  };

  /* A picture that is not there, or cannot be read, is named and not broken. */
  Review.picture = function (source, alt, attributes) {
    var image = Review.el("img", Object.assign({src: Review.source(source), alt: alt, draggable: "false"}, attributes));
    image.addEventListener("error", function () { image.classList.add("absent"); });
    return image;
  };
})();
