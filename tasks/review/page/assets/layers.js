"use strict";
/* The layers of a timeline as things to move: what stands in its file can be dragged, stretched,
   changed and deleted; what comes from elsewhere is shown, and can be put otherwise. */
(function () {
  var el = Review.el, edit = Review.edit, SECOND = 1e6, BLINK_MS = 140, LEAST_BLINK_MS = 100, SHAPES = "ABCDEFGHX".split("");
  var SHAPE_WORDS = {A: "shut", B: "teeth", C: "open", D: "wide open", E: "rounded", F: "puckered", G: "teeth on lip", H: "tongue up", X: "at rest"};
  var LAYERS = {
    mouth: {label: "Mouth", one: "a mouth shape"}, mood: {label: "Mood", one: "a mood", field: "target_expr", first: "expression", takes: "mood_ms"},
    pose: {label: "Pose", one: "a pose", field: "target_pose", first: "pose", takes: "pose_ms"}, blink: {label: "Blinks", one: "a blink"},
  };
  var chosen = "", items = {}, shown = "", focusNext = "";

  function us(ms) { return Math.round(ms * 1000); }
  /* To the frame that is nearest, in whole milliseconds: what stands in the file is to be read. */
  function ms(time) {
    var rate = Review.timelines.plan().rate, frame = SECOND * rate[1] / rate[0];
    return Math.max(0, Math.round(Math.round(time / frame) * frame / 1000));
  }
  function frameUs() { var rate = Review.timelines.plan().rate; return SECOND * rate[1] / rate[0]; }
  function alone() { return !Review.timelines.plan().phones.length; }
  function said(item) { return LAYERS[item.layer].label + " " + item.text + " at " + Review.clockTime(item.start / SECOND, 2); }

  /* Where a keyframe is moved: one for a sound moves the mouth, where nothing else does. */
  function layerOf(key) { return key.phoneme ? (alone() ? "mouth" : "") : "mood"; }

  /* The items of the document, a list a layer. */
  function own(document) {
    var found = {mouth: [], mood: [], pose: [], blink: []}, rules = edit.rules(), plan = Review.timelines.plan();
    (document.keyframes || []).forEach(function (key, index) {
      if (typeof key !== "object" || !key) return;
      function add(layer, kind, value) {
        var takes = key.transition_duration_ms;
        found[layer].push({id: kind + ":" + index, layer: layer, kind: "key " + (layer === "mouth" ? "shape" : ""), list: "keyframes", field: LAYERS[kind].field, index: index, start: us(key.time_ms),
          lead: us(typeof takes === "number" ? takes : rules[LAYERS[kind].takes] || 0), text: value, keyframe: true});
      }
      if (key.target_expr && layerOf(key)) add(layerOf(key), "mood", key.target_expr);
      if (key.target_pose) add("pose", "pose", key.target_pose);
    });
    (document.mouth || []).forEach(function (shape, index) {
      found.mouth.push({id: "mouth:" + index, layer: "mouth", kind: "length shape shape-" + shape.shape, list: "mouth", index: index, start: us(shape.time_ms), end: us(shape.time_ms + shape.duration_ms), text: shape.shape});
    });
    blinksOf(document).forEach(function (blink, index) {
      found.blink.push({id: "blink:" + index, layer: "blink", kind: "length" + (document.blinks ? "" : " natural"), list: "blinks", index: index, start: us(blink.time_ms), end: us(blink.time_ms + (blink.duration_ms || BLINK_MS)), text: "blink"});
    });
    ["mood", "pose"].forEach(function (layer) {
      if (found[layer].some(function (item) { return !item.start; })) return;
      // What the words say of the beginning goes before what the timeline says of it.
      var first = plan.layers[layer][0], id = layer + ":first", value = document[LAYERS[layer].first] || (layer === "mood" ? "neutral" : first[1]);
      if (chosen === id || first[1] === value) found[layer].push({id: id, layer: layer, kind: "key", start: 0, lead: 0, text: value, keyframe: true, fixed: true, first: LAYERS[layer].first});
    });
    return found;
  }
  function blinksOf(document) {
    return document.blinks || Review.timelines.plan().layers.blink.map(function (blink) {
      return {time_ms: Math.round(blink[0] / 1000), duration_ms: Math.round((blink[1] - blink[0]) / 1000)};
    });
  }

  /* The rows of the tracks: what the file says above what the plan has from elsewhere. */
  Review.timelines.rows = function (rows) {
    var document = edit.document(), plan = Review.timelines.plan();
    items = {};
    if (!document) return rows;
    var found = own(document);
    return rows.map(function (row) {
      if (!LAYERS[row.name]) return row;
      var mine = found[row.name], at = {};
      mine.concat(row.name === "mood" ? found.mouth : []).forEach(function (item) { at[item.start] = true; });
      var others = row.name === "blink" ? [] : row.items.filter(function (item, index) {
        if (row.name === "mouth") return !(at[item.start] && !plan.layers.mouth[index][3]);
        return !at[item.start];
      });
      if (row.name === "mood" || row.name === "pose") others.forEach(function (item) { item.title = item.text + ": it stands elsewhere, in the words or in another file; put another one here in its place"; item.kind = "elsewhere"; });
      var ends = mine.filter(function (item) { return item.keyframe; }).concat(others, row.name === "mouth" ? found.mood : []).map(function (item) { return item.start; }).sort(function (a, b) { return a - b; });
      function until(item) { var next = ends[Review.before(ends, item.start, function (each) { return each; })]; return next === undefined ? plan.duration_us : next; }
      mine.forEach(function (item) {
        if (item.keyframe) item.end = until(item);
        item.said = said(item);
        items[item.id] = item;
      });
      if (row.name === "mood" || row.name === "pose") others.forEach(function (item) { item.end = until(item); });
      return Object.assign({}, row, {items: others, own: mine, extra: el("button", {type: "button", "aria-label": "Add " + LAYERS[row.name].one + " here", title: "Add " + LAYERS[row.name].one + " where the time is", onclick: function () { add(row.name); }}, "+")});
    });
  };

  /* The list that an item stands in; natural blinks are written down when one is moved. */
  function listOf(document, item) {
    if (item.list === "blinks" && !document.blinks) document.blinks = blinksOf(document);
    if (!document[item.list]) document[item.list] = [];
    return document[item.list];
  }
  /* The entry of an item; a keyframe that says both a mood and a pose is parted, since one moves alone. */
  function entryOf(document, item) {
    var list = listOf(document, item), entry = list[item.index], other = item.field === "target_pose" ? "target_expr" : "target_pose";
    if (item.keyframe && entry[other]) {
      var rest = Object.assign({}, entry);
      delete rest[item.field];
      delete entry[other];
      if (item.field === "target_pose") delete entry.phoneme; else delete rest.phoneme;
      list.splice(item.index + 1, 0, rest);
    }
    return entry;
  }

  /* An item moved, or one of its ends, by so much time. */
  function moved(document, item, part, by) {
    var entry = entryOf(document, item), least = item.layer === "blink" ? LEAST_BLINK_MS : 1;
    if (part === "body") entry.time_ms = ms(item.start + by);
    else if (item.keyframe) entry.transition_duration_ms = Math.max(0, Math.min(Math.round(item.start / 1000), Math.round((item.lead - by) / 1000)));
    else if (part === "edge") entry.duration_ms = Math.max(least, ms(item.end + by) - entry.time_ms);
    else {
      var end = Math.round(item.end / 1000);
      entry.time_ms = Math.min(ms(item.start + by), end - least);
      entry.duration_ms = end - entry.time_ms;
    }
  }
  function remove(item) {
    edit.change(function (document) {
      var list = listOf(document, item), entry = list[item.index];
      if (item.keyframe && entry.target_expr && entry.target_pose) { delete entry[item.field]; if (item.field === "target_expr") delete entry.phoneme; }
      else list.splice(item.index, 1);
      // An empty list of blinks says that there are none; of anything else, it says nothing.
      if (!list.length && item.list !== "blinks") delete document[item.list];
    });
    choose("");
  }
  function add(layer) {
    var time = ms(Review.timelines.frame() * frameUs()), plan = Review.timelines.plan(), entry, list = "keyframes", kind = layer;
    function now(entries) { return entries[Math.max(0, Review.before(entries, time * 1000, function (each) { return each[0]; }) - 1)]; }
    if (layer === "mouth") {
      var shape = now(plan.layers.mouth);
      list = "mouth";
      entry = {time_ms: time, duration_ms: 125, shape: shape && shape[2] !== "X" ? shape[2] : "D"};
    } else if (layer === "blink") { list = "blinks"; entry = {time_ms: time, duration_ms: BLINK_MS}; }
    else { entry = {time_ms: time}; entry[LAYERS[layer].field] = now(plan.layers[layer])[1]; }
    var index = 0;
    edit.change(function (document) {
      var all = listOf(document, {list: list});
      while (index < all.length && all[index].time_ms <= time) index++;
      all.splice(index, 0, entry);
    });
    focusNext = layer === "blink" ? "" : "value";
    choose(kind + ":" + index);
    if (items[chosen]) lookAt(items[chosen]);
  }
  function setValue(item, value) {
    edit.change(function (document) {
      if (item.first) document[item.first] = value;
      else if (item.list === "mouth") listOf(document, item)[item.index].shape = value;
      else listOf(document, item)[item.index][item.field] = value;
    });
  }

  function choose(id) {
    chosen = id;
    Review.timelines.tracks().chosen = id;
    Review.timelines.refresh();
    panel();
  }
  /* To where it is seen: a face on the frame nearest to its time, a mouth in the midst of its shape,
     lids when they have closed. */
  function lookAt(item) { Review.timelines.seek(item.keyframe ? Math.round(item.start / frameUs()) * frameUs() + 1000 : item.start + (item.layer === "blink" ? 110000 : (item.end - item.start) / 2)); }

  Review.timelines.grab = function (event, item, element) {
    event.preventDefault();
    element.focus({preventScroll: true});
    choose(item.id);
    lookAt(item);
    if (item.fixed) return;
    var part = event.target.className === "lead" ? "lead" : event.target.className === "edge" ? "edge" : "body";
    var from = event.clientX, drag = edit.begin(), tracks = Review.timelines.tracks(), far = false;
    Review.drag(element, event, function (move) {
      far = far || Math.abs(move.clientX - from) > 3;
      if (!far) return;
      edit.during(drag, function (document) { moved(document, item, part, (move.clientX - from) / tracks.scale * SECOND); });
      if (items[item.id]) lookAt(items[item.id]);
    });
  };
  Review.timelines.made = function (element) {
    element.addEventListener("focus", function () { if (element.item.id !== chosen) { choose(element.item.id); lookAt(element.item); } });
    element.addEventListener("keydown", function (event) {
      var item = element.item, way = {ArrowLeft: -1, ArrowRight: 1}[event.key], along = {ArrowUp: -1, ArrowDown: 1}[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (way && !item.fixed) {
        var part = !event.shiftKey ? "body" : item.keyframe ? "lead" : "edge";
        edit.change(function (document) { moved(document, item, part, way * frameUs()); });
        if (items[item.id]) lookAt(items[item.id]);
      } else if (along) neighbour(item, along);
      else if ((event.key === "Delete" || event.key === "Backspace") && !item.fixed) remove(item);
      else if (event.key === "Enter") { var field = edit.panel.querySelector("select, input"); if (field) field.focus(); }
      else if (event.key === "Escape") { choose(""); document.getElementById("main-content").focus({preventScroll: true}); }
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  };
  function neighbour(item, by) {
    var all = Object.keys(items).map(function (id) { return items[id]; }).filter(function (each) { return each.layer === item.layer; });
    all.sort(function (one, other) { return one.start - other.start; });
    var next = all[all.indexOf(items[item.id]) + by], tracks = Review.timelines.tracks();
    if (!next) return;
    choose(next.id);
    lookAt(next);
    tracks.go(next.start, true);
    tracks.render();
    tracks.elements[next.id].focus({preventScroll: true});
  }

  /* The fields of what is chosen; made anew for another item, else only filled. */
  function panel() {
    if (!edit.panel) return;
    var item = items[chosen], key = item ? item.id + item.kind + Boolean(item.first) : "";
    if (key !== shown || !key) {
      shown = key;
      Review.fill(edit.panel, item ? fields(item) : el("p", {class: "hint"}, edit.document() ? "Drag what stands on a track, or its edge, or move it by arrow keys, with Shift its edge; Delete takes it away. + adds one where the time is." : ""));
      var wanted = focusNext && edit.panel.querySelector("select");
      if (wanted) wanted.focus();
      focusNext = "";
    }
    if (item) fillFields(item);
    var unseen = edit.panel.querySelector(".unseen"), note = item && item.layer === "blink" && Review.timelines.plan().notes.find(function (each) {
      return each.indexOf("the blink at " + (item.start / SECOND).toFixed(2) + " s is not shown") === 0;
    });
    if (unseen) { unseen.hidden = !note; unseen.textContent = note || ""; }
  }
  edit.onchange = panel;
  function input(name, label, change, attributes) {
    return el("label", {}, label + " ", el("input", Object.assign({type: "number", name: name, min: "0", step: "1", onchange: function (event) {
      var value = event.target.value;
      if (value !== "" && !(Number(value) >= 0)) return;
      change(value === "" ? null : Number(value));
    }}, attributes)));
  }
  function fields(item) {
    var id = item.id;
    function set(name) { return function (value) { edit.change(function (document) {
      var entry = entryOf(document, items[id]);
      if (value === null) delete entry[name]; else entry[name] = value;
    }); }; }
    var options = item.list === "mouth" ? SHAPES : item.layer === "pose" ? Review.data.poses : item.layer === "blink" ? null : Review.expressions;
    return [
      el("h3", {}, LAYERS[item.layer].label + (item.fixed ? " at the beginning" : item.kind.indexOf("natural") >= 0 ? ": by itself; moved, all blinks here are yours" : "")),
      el("div", {class: "fields"},
        options && el("label", {}, "What ", el("select", {name: "value", onchange: function (event) { setValue(items[id], event.target.value); }},
          (options.indexOf(item.text) < 0 ? [item.text] : []).concat(options).map(function (name) { return el("option", {value: name}, item.list === "mouth" ? name + ": " + SHAPE_WORDS[name] : name); }))),
        !item.fixed && input("time_ms", "At (ms)", function (value) { if (value !== null) set("time_ms")(value); }, {required: true}),
        item.keyframe && !item.fixed && input("transition_duration_ms", "Takes (ms)", set("transition_duration_ms"), {placeholder: String(edit.rules()[LAYERS[item.layer].takes] || "")}),
        !item.keyframe && input("duration_ms", "Lasts (ms)", function (value) { if (value !== null) set("duration_ms")(value); }, {min: item.layer === "blink" ? LEAST_BLINK_MS : 1, required: true})),
      el("p", {class: "row"},
        !item.fixed && el("button", {type: "button", id: "edit-delete", onclick: function () { remove(items[id]); }}, "Delete"),
        item.layer === "blink" && edit.document().blinks && el("button", {type: "button", onclick: function () { edit.change(function (document) { delete document.blinks; }); choose(""); }}, "Let it blink by itself")),
      item.layer === "blink" && el("p", {class: "said unseen", hidden: true}),
    ];
  }
  function fillFields(item) {
    var document_ = edit.document(), entry = item.first ? {} : (item.list === "blinks" ? blinksOf(document_) : document_[item.list])[item.index] || {};
    edit.panel.querySelectorAll("input, select").forEach(function (field) {
      var value = field.name === "value" ? item.text : entry[field.name];
      if (field !== document.activeElement || field.tagName === "SELECT") field.value = value === undefined || value === null ? "" : String(value);
    });
  }
})();
