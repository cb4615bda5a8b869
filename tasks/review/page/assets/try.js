"use strict";
/* Trying the character: from expression to expression by the sequences there are, with blinks, and
   a mouth that the keyboard or a microphone moves. */
(function () {
  var el = Review.el;
  var parts, canvas, at = "", moving = 0, blinkTimer = 0, mouth = {level: 0, source: null}, mic = null;

  Review.views.try = {
    show: function (section) {
      if (!parts) build(section);
      if (!at || !Review.byName[at] || !Review.byName[at].file) at = first();
      fillButtons();
      settle();
      scheduleBlink();
    },
    hide: function () {
      clearTimeout(blinkTimer);
      moving += 1;
      stopMicrophone();
      mouth.level = 0;
    },
    key: function (event) {
      if (event.key === "m" && !event.repeat) { speak(1); return true; }
      return false;
    },
    keyup: function (event) { if (event.key === "m") speak(0); },
  };

  function first() {
    var there = Review.keyframes.filter(function (frame) { return frame.file; });
    var neutral = there.find(function (frame) { return frame.expression === "neutral"; });
    return (neutral || there[0] || {name: ""}).name;
  }

  function build(section) {
    parts = {};
    canvas = el("canvas", {role: "img", "aria-label": "The character"});
    parts.now = el("p", {role: "status", class: "now"});
    parts.expressions = el("div", {class: "choices", role: "group", "aria-label": "Expressions"});
    parts.poses = el("div", {class: "choices", role: "group", "aria-label": "Poses"});
    parts.costumes = el("div", {class: "choices", role: "group", "aria-label": "Costumes"});
    parts.costumesTitle = el("h2", {}, "Costume");
    parts.blinks = el("input", {type: "checkbox", onchange: scheduleBlink});
    parts.blinks.checked = !Review.still();
    parts.talk = el("button", {type: "button", "aria-pressed": "false"}, "Open the mouth ", el("kbd", {}, "m"));
    ["pointerdown", "keydown"].forEach(function (kind) { parts.talk.addEventListener(kind, function (event) {
      if (kind === "pointerdown" || event.key === " " || event.key === "Enter") speak(1);
    }); });
    ["pointerup", "pointerleave", "keyup", "blur"].forEach(function (kind) { parts.talk.addEventListener(kind, function () { speak(0); }); });
    parts.mic = el("button", {type: "button", "aria-pressed": "false", onclick: microphone}, "Microphone");
    parts.level = el("meter", {min: "0", max: "1", value: "0", "aria-label": "Loudness"});
    parts.said = el("p", {class: "hint", role: "status"});
    Review.fill(section,
      el("div", {class: "trial"},
        el("div", {class: "film"}, canvas),
        el("div", {}, parts.now, el("h2", {}, "Expression"), parts.expressions, el("h2", {}, "Pose"), parts.poses,
          parts.costumesTitle, parts.costumes,
          el("h2", {}, "Life"),
          el("p", {class: "row"}, el("label", {}, parts.blinks, " Blink every 2 to 6 s"), parts.talk, parts.mic, parts.level),
          parts.said)));
  }

  function fillButtons() {
    var here = Review.byName[at] || {expression: "neutral", pose: Review.data.poses[0]};
    var now = {expression: here.expression, pose: here.pose, costume: Review.costumeOf(here)};
    var costumes = Review.data.costumes || [];
    Review.fill(parts.expressions, Review.expressions.map(function (name) { return button("expression", name, name); }));
    Review.fill(parts.poses, Review.data.poses.map(function (name) { return button("pose", name, name); }));
    Review.fill(parts.costumes, costumes.map(function (name) { return button("costume", name, Review.outfit(name)); }));
    parts.costumes.hidden = parts.costumesTitle.hidden = !costumes.length;
    function button(kind, name, label) {
      var wanted = Object.assign({}, now);
      wanted[kind] = name;
      var target = Review.named(wanted.costume, wanted.expression, wanted.pose);
      var there = Review.byName[target] && Review.byName[target].file;
      return el("button", {type: "button", "data-go": kind + ":" + name, disabled: !there, onclick: function () { travel(target); }, "aria-pressed": String(Boolean(Review.byName[at]) && now[kind] === name)}, label);
    }
  }
  function expression() { return Review.byName[at].expression; }
  function pose() { return Review.byName[at].pose; }

  /* Every sequence can be played both ways. Dijkstra would be for thousands; there are dozens. */
  function route(from, to) {
    var best = {}, queue = [[0, from, []]];
    while (queue.length) {
      queue.sort(function (one, other) { return one[0] - other[0]; });
      var next = queue.shift(), cost = next[0], name = next[1];
      if (name === to) return next[2];
      if (best[name] !== undefined) continue;
      best[name] = cost;
      Review.data.sequences.forEach(function (each) {
        if (each.start === name) queue.push([cost + each.duration_ms, each.end, next[2].concat([[each, false]])]);
        if (each.end === name) queue.push([cost + each.duration_ms, each.start, next[2].concat([[each, true]])]);
      });
    }
    return null;
  }

  function steps(way) {
    var found = [];
    way.forEach(function (part) {
      var frames = part[0].frames.slice();
      if (part[1]) frames.reverse();
      frames.forEach(function (frame) {
        var known = Review.byName[frame.name];
        if (known && known.file) found.push({source: known.file, ms: frame.ms});
      });
    });
    return found;
  }

  function play(list, mine, done) {
    var index = 0;
    (function next() {
      if (mine !== moving) return;
      if (index >= list.length) { done(); return; }
      var step = list[index++];
      Review.paint(canvas, step.source).then(function () { setTimeout(next, step.ms); });
    })();
  }

  function travel(name) {
    if (!Review.byName[name] || !Review.byName[name].file || name === at) return;
    var way = route(at, name), mine = ++moving;
    clearTimeout(blinkTimer);
    parts.said.textContent = way ? "By " + way.map(function (part) { return part[0].name + (part[1] ? " (backwards)" : ""); }).join(", then ") : "No sequence leads there: a cut.";
    at = name;
    var focused = document.activeElement && document.activeElement.dataset && document.activeElement.dataset.go;
    fillButtons();
    if (focused) { var again = parts.expressions.parentElement.querySelector('[data-go="' + CSS.escape(focused) + '"]'); if (again) again.focus(); }
    play(way ? steps(way) : [], mine, function () { settle(); scheduleBlink(); });
  }

  function settle() {
    var frame = Review.byName[at];
    parts.now.textContent = at || "No frame is there yet.";
    if (frame && frame.file) Review.paint(canvas, shownMouth(frame).file);
  }

  /* The face as it is, with the mouth as far open as asked: a frame that differs in its mouth alone. */
  function shownMouth(frame) {
    if (!mouth.level) return frame;
    var shapes = mouths(frame);
    if (!shapes.length) return frame;
    var most = Math.max.apply(null, shapes.map(function (each) { return Review.data.jaw[each.expression]; }));
    var wanted = mouth.level * most;
    return shapes.concat([frame]).sort(function (one, other) {
      return Math.abs(jaw(one) - wanted) - Math.abs(jaw(other) - wanted);
    })[0];
  }
  function jaw(frame) { return Review.data.jaw[frame.expression] || 0; }
  function mouths(frame) {
    function open(each) { return each.pose === frame.pose && Review.costumeOf(each) === Review.costumeOf(frame) && each.file && jaw(each) > 0.05 && jaw(each) > jaw(frame); }
    var all = Review.keyframes.filter(open);
    var same = all.filter(function (each) { return Review.data.rest[each.expression] === Review.data.rest[frame.expression]; });
    return same.length ? same : all;
  }

  function speak(level) {
    if (!parts) return;
    parts.talk.setAttribute("aria-pressed", String(level > 0));
    if (Math.abs(level - mouth.level) < 0.02) return;
    mouth.level = level;
    parts.level.value = level;
    var frame = Review.byName[at];
    if (level && frame && !mouths(frame).length) parts.said.textContent = "No expression at this pose opens the mouth.";
    if (frame && frame.file) { moving += 1; settle(); scheduleBlink(); }
  }

  function microphone() {
    if (mic) { stopMicrophone(); return; }
    if (!navigator.mediaDevices) { parts.said.textContent = "This browser gives a page from disk no microphone; the key m opens the mouth."; return; }
    navigator.mediaDevices.getUserMedia({audio: true}).then(function (stream) {
      var context = new AudioContext(), analyser = context.createAnalyser();
      analyser.fftSize = 1024;
      context.createMediaStreamSource(stream).connect(analyser);
      var samples = new Float32Array(analyser.fftSize), smooth = 0;
      mic = {stream: stream, context: context, timer: setInterval(function () {
        analyser.getFloatTimeDomainData(samples);
        var sum = 0;
        for (var index = 0; index < samples.length; index++) sum += samples[index] * samples[index];
        var loud = Math.min(1, Math.max(0, (Math.sqrt(sum / samples.length) - 0.01) * 8));
        smooth = loud > smooth ? loud : smooth * 0.7 + loud * 0.3;
        speak(Math.round(smooth * 8) / 8);
      }, 40)};
      parts.mic.setAttribute("aria-pressed", "true");
    }, function () { parts.said.textContent = "The microphone was not allowed."; });
  }
  function stopMicrophone() {
    if (!mic) return;
    clearInterval(mic.timer);
    mic.stream.getTracks().forEach(function (track) { track.stop(); });
    mic.context.close();
    mic = null;
    parts.mic.setAttribute("aria-pressed", "false");
    speak(0);
  }

  function scheduleBlink() {
    clearTimeout(blinkTimer);
    if (!parts.blinks.checked) return;
    blinkTimer = setTimeout(blink, 2000 + 4000 * Math.random());
  }
  function blink() {
    var mine = ++moving, list = blinkSteps();
    if (!list.length || mouth.level) { scheduleBlink(); return; }
    play(list, mine, function () { settle(); scheduleBlink(); });
  }
  /* There and back by a sequence to a blink; a blink of this pose for a moment where there is none,
     and only from the neutral, since it would change the rest of the face. */
  function blinkSteps() {
    var way = Review.data.sequences.find(function (each) { return each.start === at && /blink/.test(each.end + each.name); });
    if (way) return steps([[way, false], [way, true]]);
    var closed = Review.keyframes.find(function (frame) { return frame.pose === pose() && Review.costumeOf(frame) === Review.costumeOf(Review.byName[at]) && /blink|closed_eyes|eyes_closed/.test(frame.expression) && frame.file; });
    return closed && expression() === "neutral" ? [{source: closed.file, ms: 120}] : [];
  }
})();
