"use strict";
/* Landmarks by clicking: points on the portrait, where each belongs, and drafts of what they give. */
(function () {
  var data = JSON.parse(document.getElementById("data").textContent);
  var SVG = "http://www.w3.org/2000/svg", width = data.size_px[0], height = data.size_px[1];
  var given = Object.assign({}, data.given), whole = {}, chosen = "left_eye.inner", zoomed = true;
  var NEEDED = ["left_eye.inner", "left_eye.outer", "right_eye.inner", "right_eye.outer", "mouth.left", "mouth.right"];
  var WORDS = {inner: "the corner or end beside the nose", outer: "the corner or end beside the temple", upper_lid: "the middle of the upper lid's edge", lower_lid: "the middle of the lower lid's edge", iris: "the centre of the iris", iris_radius: "the edge of the iris", middle: "the top of the arch", nose_base: "the middle of the nose's lower edge", left: "the character's left corner", right: "the character's right corner", upper_lip: "the upper edge of the upper lip", lower_lip: "the lower edge of the lower lip", centre: "where the lips meet", chin: "its lowest point", outline: "the edge of the face", neck_pivot: "where the head turns on the neck"};
  var byId = function (id) { return document.getElementById(id); };
  var stage = byId("stage"), picture, layer, circles = {};

  function element(tag, attributes, parent) {
    var made = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach(function (name) { made.setAttribute(name, attributes[name]); });
    if (parent) parent.append(made);
    return made;
  }
  function say(text, wrong) { byId("said").textContent = text; byId("said").classList.toggle("wrong", Boolean(wrong)); }
  function post(path, content) {
    return fetch(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(content || {})}).then(function (answer) {
      return answer.json().then(function (found) { if (!answer.ok) throw new Error(found.error); return found; });
    }, function () { throw new Error("The server does not answer; start it again, and open its new address."); });
  }

  /* A name's place in the portrait, 0..1; a radius is a point on the iris's edge. */
  function value(name) { return given[name] !== undefined ? given[name] : whole[name]; }
  function place(name, points) {
    var from = points || {}, at = points ? from[name] : value(name);
    if (!/iris_radius$/.test(name)) return at;
    var iris = points ? from[name.replace("_radius", "")] : value(name.replace("_radius", ""));
    return at === undefined || !iris ? undefined : [iris[0] + at, iris[1]];
  }
  function group(name) {
    if (/^outline\[/.test(name)) return names().filter(function (each) { return /^outline\[/.test(each); });
    if (/_brow\./.test(name)) return ["inner", "middle", "outer"].map(function (end) { return name.split(".")[0] + "." + end; });
    return [name];
  }
  function names() {
    var all = Object.keys(Object.assign({}, whole, given));
    return NEEDED.concat(all.filter(function (name) { return NEEDED.indexOf(name) < 0; }));
  }
  function move(name, x, y) {
    x = Math.min(1, Math.max(0, x)); y = Math.min(1, Math.max(0, y));
    group(name).forEach(function (each) { if (given[each] === undefined) given[each] = whole[each]; });
    if (/iris_radius$/.test(name)) given[name] = Math.max(0.001, Math.round((x - value(name.replace("_radius", ""))[0]) * 1e4) / 1e4);
    else given[name] = [Math.round(x * 1e4) / 1e4, Math.round(y * 1e4) / 1e4];
    draw();
    later();
  }

  /* Lines through the points, on the portrait and on the small picture. */
  function lines(at) {
    function through(list, closed) {
      var points = list.map(at).filter(Boolean);
      return points.length < 2 ? "" : "M" + points.map(function (p) { return p.join(" "); }).join("L") + (closed ? "Z" : "");
    }
    var found = ["left_eye", "right_eye"].map(function (eye) { return through([".inner", ".upper_lid", ".outer", ".lower_lid"].map(function (end) { return eye + end; }), true); });
    ["left_brow", "right_brow"].forEach(function (brow) { found.push(through([".inner", ".middle", ".outer"].map(function (end) { return brow + end; }))); });
    found.push(through(["mouth.left", "mouth.upper_lip", "mouth.right", "mouth.lower_lip"], true), through(["mouth.left", "mouth.centre", "mouth.right"]));
    var edge = [];
    for (var index = 0; at("outline[" + index + "]"); index++) edge.push("outline[" + index + "]");
    found.push(through(edge));
    return found.filter(Boolean).join("");
  }

  function box() {
    var points = names().filter(function (name) { return name !== "neck_pivot"; }).map(function (name) { return place(name); }).filter(Boolean);
    if (!zoomed || points.length < 4) return [0, 0, width, height];
    var xs = points.map(function (p) { return p[0] * width; }), ys = points.map(function (p) { return p[1] * height; });
    var left = Math.min.apply(null, xs), top = Math.min.apply(null, ys), w = Math.max.apply(null, xs) - left, h = Math.max.apply(null, ys) - top;
    var room = 0.22 * Math.max(w, h);
    return [left - room, top - room, w + 2 * room, h + 2 * room];
  }

  function build() {
    picture = element("svg", {role: "img", "aria-label": "The portrait"}, stage);
    element("image", {href: "face.png", width: width, height: height, preserveAspectRatio: "none"}, picture);
    layer = element("g", {}, picture);
    zoom();
  }
  function zoom() { picture.setAttribute("viewBox", box().join(" ")); draw(); }
  function unit() { return picture.getScreenCTM() ? 1 / picture.getScreenCTM().a : 1; }

  function draw() {
    layer.textContent = "";
    circles = {};
    element("path", {class: "line", d: lines(function (name) { var at = place(name); return at && [at[0] * width, at[1] * height]; })}, layer);
    names().slice().sort(function (one, other) { return (one === chosen) - (other === chosen); }).forEach(function (name) {
      var at = place(name);
      if (!at) return;
      var kind = "point" + (given[name] === undefined ? " derived" : "") + (name === chosen ? " here" : "");
      var circle = element("circle", {class: kind, cx: at[0] * width, cy: at[1] * height, r: (name === chosen ? 8 : 6) * unit(), "data-name": name}, layer);
      element("title", {}, circle).textContent = name;
      circles[name] = circle;
    });
    showChosen();
  }

  stage.addEventListener("pointerdown", function (event) {
    var name = event.target.dataset && event.target.dataset.name;
    if (!name) return;
    event.preventDefault();
    stage.focus();
    choose(name);
    var matrix = picture.getScreenCTM().inverse();
    stage.setPointerCapture(event.pointerId);
    function go(moved) {
      var at = new DOMPoint(moved.clientX, moved.clientY).matrixTransform(matrix);
      move(name, at.x / width, at.y / height);
    }
    function end() {
      stage.removeEventListener("pointermove", go);
      stage.removeEventListener("pointerup", end);
      stage.removeEventListener("pointercancel", end);
    }
    stage.addEventListener("pointermove", go);
    stage.addEventListener("pointerup", end);
    stage.addEventListener("pointercancel", end);
  });
  function arrows(event) {
    var by = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key], at = place(chosen);
    if (!by || !at || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    var far = event.shiftKey ? 10 : 1;
    move(chosen, at[0] + far * by[0] / width, at[1] + far * by[1] / height);
  }
  stage.addEventListener("keydown", arrows);
  byId("points").addEventListener("keydown", arrows);

  function choose(name) { chosen = name; draw(); }
  function showChosen() {
    byId("chosen").textContent = chosen + ": " + (WORDS[chosen.split(".").pop().split("[")[0]] || "");
    var list = byId("points"), all = names().filter(function (name) { return place(name); });
    if (list.children.length !== all.length) {
      list.textContent = "";
      all.forEach(function (name) {
        var item = document.createElement("li"), button = document.createElement("button");
        button.type = "button";
        button.textContent = name;
        button.dataset.name = name;
        button.className = NEEDED.indexOf(name) >= 0 ? "needed" : "";
        button.addEventListener("click", function () { choose(name); });
        button.addEventListener("focus", function () { choose(name); });
        item.append(button);
        list.append(item);
      });
    }
    Array.prototype.forEach.call(list.querySelectorAll("button"), function (button) { button.setAttribute("aria-pressed", String(button.dataset.name === chosen)); });
    var small = byId("where");
    small.textContent = "";
    var shown = element("svg", {viewBox: "0.12 0.18 0.76 0.8"}, small), at = place(chosen, data.where);
    element("path", {class: "line", d: lines(function (name) { return place(name, data.where); })}, shown);
    if (at) element("circle", {class: "spot", cx: at[0], cy: at[1], r: 0.025}, shown);
  }

  /* One request at a time; what is moved meanwhile is asked for after it. */
  var timer = 0, asking = false, again = false;
  function later() { byId("drafts").classList.add("old"); clearTimeout(timer); timer = setTimeout(ask, 120); }
  function ask() {
    if (asking) { again = true; return; }
    asking = true; again = false;
    post("face/draft", {points: given}).then(function (found) {
      whole = found.whole;
      byId("text").textContent = found.text;
      byId("problem").hidden = true;
      showDrafts(found.drafts);
      draw();
    }, function (error) { byId("problem").hidden = false; byId("problem").textContent = error.message; })
      .then(function () { asking = false; if (again) ask(); });
  }
  function showDrafts(drafts) {
    var box = byId("drafts");
    box.classList.remove("old");
    Object.keys(drafts).forEach(function (name) {
      var image = box.querySelector('[alt="Draft: ' + name + '"]');
      if (!image) {
        var figure = document.createElement("figure"), caption = document.createElement("figcaption");
        image = document.createElement("img");
        image.alt = "Draft: " + name;
        caption.textContent = name;
        figure.append(image, caption);
        box.append(figure);
      }
      image.src = drafts[name];
    });
  }

  function told(promise) { return promise.then(function (found) { say(found.said || ""); return found; }, function (error) { say(error.message, true); }); }
  byId("find").addEventListener("click", function () {
    say("Looking …");
    told(post("face/find")).then(function (found) { if (found) { given = found.given; whole = {}; say("Found. Look at each point, and drag what is off."); zoom(); ask(); } });
  });
  byId("zoom").addEventListener("click", function () { zoomed = !zoomed; byId("zoom").setAttribute("aria-pressed", String(zoomed)); zoom(); });
  byId("save").addEventListener("click", function () { told(post("face/save", {points: given})).then(function (found) { if (found) byId("undo").disabled = false; }); });
  byId("undo").addEventListener("click", function () { told(post("face/undo")).then(function (found) { if (found) byId("undo").disabled = true; }); });
  byId("copy").addEventListener("click", function () { navigator.clipboard.writeText(byId("text").textContent).then(function () { say("Copied."); }, function () { say("Open the block, select the text and copy it.", true); }); });

  if (!data.placed) {
    given = Object.assign({}, data.typical);
    zoomed = false;
    byId("zoom").setAttribute("aria-pressed", "false");
    say("The config has no landmarks yet: drag the six that are needed to their places, or have them found.");
  }
  build();
  ask();
  window.addEventListener("resize", draw);
})();
