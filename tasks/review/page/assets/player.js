"use strict";
/* Playing pictures on a canvas: each decoded once, small, so that any rate stays smooth. */
(function () {
  var MOST_PX = 900;
  var known = new Map();

  /* The picture of a frame, decoded; a promise. The newest 300 are kept. */
  Review.bitmap = function (source) {
    if (known.has(source)) return known.get(source);
    var promise = new Promise(function (resolve, reject) {
      var image = new Image();
      image.onload = function () {
        var scale = Math.min(1, MOST_PX / Math.max(image.naturalWidth, image.naturalHeight));
        createImageBitmap(image, {
          resizeWidth: Math.max(1, Math.round(image.naturalWidth * scale)),
          resizeHeight: Math.max(1, Math.round(image.naturalHeight * scale)), resizeQuality: "medium",
        }).then(resolve, function () { resolve(image); });
      };
      image.onerror = reject;
      image.src = Review.source(source);
    });
    known.set(source, promise);
    if (known.size > 300) known.delete(known.keys().next().value);
    return promise;
  };

  Review.paint = function (canvas, source) {
    canvas.dataset.source = source;
    return Review.bitmap(source).then(function (picture) {
      if (canvas.dataset.source !== source) return;
      var width = picture.width || picture.naturalWidth, height = picture.height || picture.naturalHeight;
      if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
      var context = canvas.getContext("2d");
      context.clearRect(0, 0, width, height);
      context.drawImage(picture, 0, 0);
    }, function () { /* it is named beside the picture */ });
  };

  /* Plays steps, [{source, ms, ...}], from the one at `at`; onstep(index) after each. */
  Review.Player = function (canvas, onstep) {
    this.canvas = canvas;
    this.onstep = onstep || function () {};
    this.rate = 1;
    this.back = false;
    this.loop = true;
    this.steps = [];
    this.at = 0;
    this.way = 1;
  };
  Review.Player.prototype = {
    load: function (steps) { this.pause(); this.steps = steps; this.go(0); steps.forEach(function (step) { Review.bitmap(step.source); }); },
    go: function (index) {
      this.at = Math.min(this.steps.length - 1, Math.max(0, index));
      if (this.steps[this.at]) Review.paint(this.canvas, this.steps[this.at].source);
      this.onstep(this.at);
    },
    playing: function () { return Boolean(this.timer); },
    play: function () {
      if (!this.loop && this.at === this.steps.length - 1) this.at = 0;
      this.way = 1;
      this.due = performance.now();
      this.next();
    },
    pause: function () { clearTimeout(this.timer); this.timer = 0; this.onstep(this.at); },
    next: function () {
      var self = this;
      self.go(self.at);
      var step = self.steps[self.at], held = 0;
      var last = self.at === self.steps.length - 1, first = self.at === 0;
      if ((last && (self.back || self.loop)) || (first && self.back && self.way < 0)) held = 400;
      // Counted from when it was due, so that late timers do not add up.
      self.due = Math.max(self.due, performance.now() - 250) + (step.ms + held) / self.rate;
      self.timer = setTimeout(function () {
        if (self.back) {
          if (self.at === self.steps.length - 1) self.way = -1;
          else if (self.at === 0) { if (self.way < 0 && !self.loop) { self.pause(); return; } self.way = 1; }
          self.at += self.steps.length > 1 ? self.way : 0;
        } else if (self.at === self.steps.length - 1) {
          if (!self.loop) { self.pause(); return; }
          self.at = 0;
        } else self.at += 1;
        self.next();
      }, Math.max(0, self.due - performance.now()));
      self.onstep(self.at);
    },
  };
})();
