"use strict";
/* Two pictures compared in five ways, in one crop that stays from frame to frame. */
(function () {
  var el = Review.el;
  Review.MODES = [
    ["slider", "Slider"], ["side", "Side by side"], ["onion", "Onion skin"],
    ["flicker", "Flicker"], ["difference", "Difference"],
  ];

  /* crop: how large a pixel of the picture is shown (0: all of it fits), and what lies in the
     middle, 0..1 of the picture. One crop for all frames: that is what makes them comparable. */
  var crop = {zoom: 0, x: 0.5, y: 0.5};

  Review.Compare = function (stage) {
    this.stage = stage;
    this.mode = Review.recall("mode", "slider");
    this.amount = 50;
    this.pictures = [];
    this.showsSecond = true;
    var self = this;
    stage.addEventListener("pointerdown", function (event) { self.drag(event); });
    stage.addEventListener("wheel", function (event) {
      if (!event.ctrlKey && !crop.zoom) return;
      event.preventDefault();
      self.zoomBy(event.deltaY < 0 ? 1.25 : 0.8);
    }, {passive: false});
    new ResizeObserver(function () { self.place(); }).observe(stage);
  };

  Review.Compare.prototype = {
    /* first and second: {source, label}; second may be null. */
    show: function (first, second) {
      this.first = first;
      this.second = second;
      this.draw();
    },
    setMode: function (mode) {
      this.mode = mode;
      Review.remember("mode", mode);
      this.draw();
    },
    setAmount: function (amount) { this.amount = amount; this.apply(); },
    setZoom: function (zoom) { crop.zoom = zoom; this.place(); },
    zoom: function () { return crop.zoom; },
    zoomBy: function (factor) {
      var from = crop.zoom || this.fitted() || 1;
      crop.zoom = Math.min(8, Math.max(0.1, from * factor));
      this.place();
      if (this.onzoom) this.onzoom(crop.zoom);
    },
    flip: function () { this.showsSecond = !this.showsSecond; this.apply(); },
    panBy: function (dx, dy) {
      crop.x = Math.min(1, Math.max(0, crop.x + dx));
      crop.y = Math.min(1, Math.max(0, crop.y + dy));
      this.place();
    },

    draw: function () {
      var self = this;
      clearInterval(this.timer);
      this.panes = [];
      this.pictures = [];
      var two = this.second && this.second.source;
      this.stage.className = "stage mode-" + (two ? this.mode : "one");
      var pairs = two && this.mode === "side" ? [[this.second], [this.first]] : [two ? [this.second, this.first] : [this.first]];
      Review.fill(this.stage, pairs.map(function (sides) {
        var pane = el("div", {class: "pane"});
        sides.forEach(function (side, index) {
          var image = Review.picture(side.source, side.label, {class: sides.length > 1 ? (index ? "upper" : "lower") : "only"});
          image.addEventListener("load", function () { self.place(); });
          self.pictures.push(image);
          pane.append(image);
        });
        if (sides.length > 1) pane.append(el("span", {class: "line", "aria-hidden": "true"}));
        pane.append(el("span", {class: "caption"}, sides.map(function (side) { return side.label; }).join("  |  ")));
        self.panes.push(pane);
        return pane;
      }));
      this.place();
      this.apply();
      if (two && this.mode === "flicker" && !Review.still()) {
        this.timer = setInterval(function () { self.flip(); }, 500);
      }
    },

    stop: function () { clearInterval(this.timer); },

    apply: function () {
      this.stage.style.setProperty("--amount", this.amount + "%");
      this.stage.style.setProperty("--onion", this.amount / 100);
      this.stage.style.setProperty("--amount-number", this.amount / 100);
      this.stage.classList.toggle("second", !this.showsSecond);
    },

    fitted: function () {
      var image = this.pictures[0], pane = this.panes && this.panes[0];
      if (!image || !image.naturalWidth || !pane) return 0;
      return Math.min(pane.clientWidth / image.naturalWidth, pane.clientHeight / image.naturalHeight);
    },

    place: function () {
      var self = this;
      var reference = this.pictures.find(function (image) { return image.naturalWidth; });
      if (!reference) return;
      var width = reference.naturalWidth, height = reference.naturalHeight;
      this.pictures.forEach(function (image) {
        var pane = image.parentElement;
        var fit = Math.min(pane.clientWidth / width, pane.clientHeight / height);
        // One pixel of the picture on one of the screen, whatever the screen's density.
        var scale = crop.zoom ? crop.zoom / (window.devicePixelRatio || 1) : fit;
        var w = width * scale, h = height * scale;
        var left = w <= pane.clientWidth ? (pane.clientWidth - w) / 2 : Math.min(0, Math.max(pane.clientWidth - w, pane.clientWidth / 2 - crop.x * w));
        var top = h <= pane.clientHeight ? (pane.clientHeight - h) / 2 : Math.min(0, Math.max(pane.clientHeight - h, pane.clientHeight / 2 - crop.y * h));
        image.style.width = w + "px";
        image.style.height = h + "px";
        image.style.transform = "translate(" + left + "px," + top + "px)";
        image.style.imageRendering = crop.zoom >= 2 ? "pixelated" : "";
        pane.style.setProperty("--left", left + "px");
        pane.style.setProperty("--width", w + "px");
        self.shownSize = [w, h];
      });
    },

    drag: function (event) {
      if (event.button || !this.shownSize) return;
      var self = this, pane = event.target.closest(".pane");
      if (!pane) return;
      var last = [event.clientX, event.clientY];
      var slides = this.mode === "slider" && !crop.zoom && this.second;
      this.stage.setPointerCapture(event.pointerId);
      function go(move) {
        if (slides) {
          var box = pane.getBoundingClientRect();
          var left = box.left + (box.width - self.shownSize[0]) / 2;
          var share = (move.clientX - left) / self.shownSize[0];
          self.setAmount(Math.min(100, Math.max(0, share * 100)));
          if (self.onamount) self.onamount(self.amount);
          return;
        }
        self.panBy((last[0] - move.clientX) / self.shownSize[0], (last[1] - move.clientY) / self.shownSize[1]);
        last = [move.clientX, move.clientY];
      }
      function end() {
        self.stage.removeEventListener("pointermove", go);
        self.stage.removeEventListener("pointerup", end);
        self.stage.removeEventListener("pointercancel", end);
      }
      if (slides) go(event);
      this.stage.addEventListener("pointermove", go);
      this.stage.addEventListener("pointerup", end);
      this.stage.addEventListener("pointercancel", end);
    },
  };
})();
