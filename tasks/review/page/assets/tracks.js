"use strict";
/* Rows over one axis of time: a ruler, the waveform, spans. Only what is in view is in the page, so
   that an hour is as light as a second. Times are microseconds. */
(function () {
  var el = Review.el, SECOND = 1e6, MOST_IN_VIEW_S = 120;

  /* seek(time, word): a place was pointed at; grab(event, item, element): an item that can be moved. */
  Review.Tracks = function (box, hooks) {
    var self = this;
    this.hooks = hooks;
    this.rows = [];
    this.scale = 0;
    this.at = 0;
    this.elements = {};
    this.labels = el("div", {class: "track-labels"});
    this.ruler = el("canvas", {class: "ruler", "aria-hidden": "true"});
    this.wave = el("canvas", {class: "wave", role: "img", "aria-label": "Loudness"});
    this.head = el("div", {class: "playhead", "aria-hidden": "true"});
    this.inner = el("div", {class: "track-inner"});
    this.scroller = el("div", {class: "track-scroll", tabindex: "0", role: "group", "aria-label": "Tracks, scrolled by time"}, this.inner);
    Review.fill(box, this.labels, this.scroller);
    this.scroller.addEventListener("scroll", function () { self.later(); });
    this.scroller.addEventListener("wheel", function (event) {
      if (!event.ctrlKey) return;
      event.preventDefault();
      self.zoomBy(event.deltaY < 0 ? 1.25 : 0.8, event.clientX);
    }, {passive: false});
    this.inner.addEventListener("pointerdown", function (event) { self.point(event); });
    new ResizeObserver(function () { if (self.plan) { self.setScale(self.scale); self.later(); } }).observe(this.scroller);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () { self.later(); });
  };

  Review.Tracks.prototype = {
    /* rows: [{name, label, extra, items: [{id, start, end, text, title, kind}], own}], the items in
       order of time; own: some that can be moved, [{..., said, lead, fixed}], in any order. */
    show: function (plan, rows) {
      var self = this, another = !this.plan || this.name !== plan.name;
      this.plan = plan;
      this.name = plan.name;
      this.rows = rows;
      var names = rows.map(function (row) { return row.name; }).join(" ");
      if (names !== this.names) {
        this.names = names;
        this.elements = {};
        this.boxes = {};
        Review.fill(this.inner, this.ruler, this.wave, rows.map(function (row) {
          self.boxes[row.name] = el("div", {class: "track " + row.name, "data-row": row.name});
          return self.boxes[row.name];
        }), this.head);
        Review.fill(this.labels, el("span", {class: "label-ruler"}), el("span", {class: "label-wave"}, "Sound"), rows.map(function (row) {
          return el("span", {class: "track-label"}, row.label, row.extra);
        }));
      }
      this.wave.hidden = !plan.peaks.values.length;
      this.labels.classList.toggle("silent", this.wave.hidden);
      if (another) this.scroller.scrollLeft = 0;
      this.setScale(another ? 0 : this.scale);
      this.render();
    },
    width: function () { return this.scroller.clientWidth || 600; },
    seconds: function () { return this.plan.duration_us / SECOND; },
    /* Pixels a second; 0: all of a short timeline, a readable part of a long one. */
    setScale: function (scale) {
      var fits = this.width() / this.seconds();
      if (!scale) scale = Math.max(fits, 220);
      this.scale = Math.min(1200, Math.max(scale, Math.min(fits, 1200), this.width() / MOST_IN_VIEW_S));
      this.inner.style.width = Math.max(this.width(), this.seconds() * this.scale) + "px";
    },
    zoomBy: function (factor, clientX) {
      var left = this.scroller.getBoundingClientRect().left;
      var x = clientX === undefined ? this.x(this.at) - this.scroller.scrollLeft : clientX - left;
      if (x < 0 || x > this.width()) x = this.width() / 2;
      var time = (this.scroller.scrollLeft + x) / this.scale;
      this.setScale(this.scale * factor);
      this.scroller.scrollLeft = time * this.scale - x;
      this.render();
    },
    x: function (time) { return time / SECOND * this.scale; },
    timeAt: function (clientX) {
      var x = clientX - this.inner.getBoundingClientRect().left;
      return Math.max(0, Math.min(this.plan.duration_us - 1, x / this.scale * SECOND));
    },
    /* Where the time is now; `follow` keeps it in view. */
    go: function (time, follow) {
      this.at = time;
      var x = this.x(time), left = this.scroller.scrollLeft, width = this.width();
      this.head.style.transform = "translateX(" + x + "px)";
      if (follow && (x < left || x > left + width - 30)) this.scroller.scrollLeft = Math.max(0, x - width * (x < left ? 0.5 : 0.15));
    },
    later: function () {
      var self = this;
      if (this.waiting || !this.plan) return;
      this.waiting = true;
      requestAnimationFrame(function () { self.waiting = false; self.render(); });
    },

    render: function () {
      var self = this, left = this.scroller.scrollLeft, from = left / this.scale * SECOND, until = (left + this.width()) / this.scale * SECOND;
      var kept = {};
      this.rows.forEach(function (row) {
        var items = row.items, index = Math.max(0, Review.before(items, from, function (item) { return item.start; }) - 2);
        for (; index < items.length && items[index].start <= until; index++) {
          if (items[index].end >= from) self.place(row, items[index], false, kept);
        }
        (row.own || []).forEach(function (item) {
          if (item.id === self.chosen || (item.end >= from && item.start - (item.lead || 0) <= until)) self.place(row, item, true, kept);
        });
      });
      Object.keys(this.elements).forEach(function (id) {
        if (kept[id]) return;
        self.elements[id].remove();
        delete self.elements[id];
      });
      this.drawRuler(left, from, until);
      if (!this.wave.hidden) this.drawWave(from, until);
      this.go(this.at);
    },
    place: function (row, item, own, kept) {
      var x = this.x(item.start), width = Math.max(this.x(item.end) - x, own ? 6 : 1);
      if (width < 1.5) return;
      kept[item.id] = true;
      var element = this.elements[item.id], shown = width > 12 ? item.text : "";
      if (!element) {
        element = el(own ? "button" : "span", {type: own ? "button" : null});
        element.append(el("span", {class: "text"}));
        if (own) {
          element.append(el("i", {class: "lead"}), el("i", {class: "edge"}));
          this.hooks.made(element);
        }
        this.elements[item.id] = element;
        this.boxes[row.name].append(element);
      }
      element.item = item;
      element.className = "item " + (item.kind || "") + (own ? " grab" : "") + (item.fixed ? " fixed" : "") + (this.chosen === item.id ? " chosen" : "");
      element.style.left = x + "px";
      element.style.width = width + "px";
      if (element.firstChild.textContent !== shown) element.firstChild.textContent = shown;
      if (element.title !== (item.title || item.text)) element.title = item.title || item.text;
      if (own) {
        element.children[1].style.width = this.x(item.lead || 0) + "px";
        element.setAttribute("aria-pressed", String(this.chosen === item.id));
        element.setAttribute("aria-label", item.said);
      }
    },

    canvas: function (canvas) {
      var width = this.width(), height = canvas.clientHeight, dense = window.devicePixelRatio || 1;
      canvas.style.width = width + "px";
      canvas.width = Math.round(width * dense);
      canvas.height = Math.round(height * dense);
      var context = canvas.getContext("2d");
      context.scale(dense, dense);
      context.fillStyle = context.strokeStyle = getComputedStyle(canvas).color;
      return context;
    },
    drawRuler: function (left, from, until) {
      var context = this.canvas(this.ruler), frame = this.plan.rate[1] / this.plan.rate[0];
      var steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60], scale = this.scale;
      var step = steps.find(function (each) { return each * scale >= 70; }) || 60;
      context.font = "11px system-ui, sans-serif";
      context.textBaseline = "top";
      context.globalAlpha = 0.45;
      if (frame * scale >= 5) {
        for (var f = Math.floor(from / SECOND / frame); f * frame <= until / SECOND; f++) context.fillRect(f * frame * scale - left, 17, 1, 5);
      }
      context.globalAlpha = 1;
      for (var n = Math.floor(from / SECOND / step); n * step <= until / SECOND; n++) {
        var x = n * step * scale - left;
        context.fillRect(x, 0, 1, 22);
        context.fillText(Review.clockTime(n * step, step < 1 ? 1 : 0), x + 4, 2);
      }
    },
    drawWave: function (from, until) {
      var context = this.canvas(this.wave), peaks = this.plan.peaks, height = this.wave.clientHeight, middle = height / 2;
      var step = SECOND / peaks.a_second, wide = this.scale / peaks.a_second, each = Math.max(1, Math.floor(1 / wide));
      var first = Math.floor(Math.floor(from / step) / each) * each, left = this.scroller.scrollLeft;
      context.fillRect(0, middle - 0.5, Math.min(this.width(), this.seconds() * this.scale - left), 1);
      for (var index = first; index < peaks.values.length && index * step <= until; index += each) {
        var top = 0;
        for (var more = index; more < index + each && more < peaks.values.length; more++) top = Math.max(top, peaks.values[more]);
        // Quiet sounds are seen, too: what is heard as half as loud is far less than half as high.
        var high = Math.max(0.5, Math.pow(top / 100, 0.6) * (middle - 1));
        context.fillRect(index * wide - left, middle - high, Math.max(0.7, wide * each - (wide > 3 ? 1 : 0)), 2 * high);
      }
    },

    /* Pointing: an item that can be moved is grabbed; anything else is a time. */
    point: function (event) {
      if (event.button) return;
      var target = event.target.closest(".item.grab");
      if (target) { this.hooks.grab(event, target.item, target); return; }
      event.preventDefault();
      var self = this, byWord = event.target.closest("[data-row=words]");
      function seek(moved) {
        var time = self.timeAt(moved.clientX), word = byWord ? self.wordAt(time) : null;
        self.hooks.seek(word ? word.start : time, word);
      }
      seek(event);
      Review.drag(this.inner, event, seek);
    },
    wordAt: function (time) {
      var items = this.rows.filter(function (row) { return row.name === "words"; })[0].items;
      return items[Math.max(0, Review.before(items, time, function (item) { return item.start; }) - 1)];
    },
  };

  /* How many of the items, in order, begin at or before a time. */
  Review.before = function (items, time, start) {
    var low = 0, high = items.length;
    while (low < high) {
      var middle = (low + high) >> 1;
      if (start(items[middle]) <= time) low = middle + 1; else high = middle;
    }
    return low;
  };

  /* From pointerdown to the end of it: go(event) for every move, end(event) once. */
  Review.drag = function (element, event, go, end) {
    element.setPointerCapture(event.pointerId);
    function done(last) {
      element.removeEventListener("pointermove", go);
      element.removeEventListener("pointerup", done);
      element.removeEventListener("pointercancel", done);
      if (end) end(last);
    }
    element.addEventListener("pointermove", go);
    element.addEventListener("pointerup", done);
    element.addEventListener("pointercancel", done);
  };

  Review.clockTime = function (seconds, digits) {
    if (seconds < 60) return seconds.toFixed(digits) + " s";
    var rest = (seconds % 60).toFixed(digits);
    return Math.floor(seconds / 60) + ":" + (rest.length < (digits ? digits + 3 : 2) ? "0" : "") + rest;
  };
})();
