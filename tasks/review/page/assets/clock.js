"use strict";
/* The clock of a timeline: its sound while there is some, and time itself where there is none. */
(function () {
  /* ontime(seconds) as it goes on, onstate() when it begins or ends. */
  Review.Clock = function (ontime, onstate) {
    var self = this;
    this.ontime = ontime;
    this.onstate = onstate;
    this.rate = 1;
    this.loop = false;
    this.length = 0;
    this.at = 0;
    this.audio = new Audio();
    this.audio.preload = "auto";
    this.audio.addEventListener("error", function () { self.deaf("The browser cannot play the sound."); });
    this.audio.addEventListener("loadedmetadata", function () {
      if (!self.going) self.audio.currentTime = self.at;
      else if (!self.heard) { self.at = self.time(); self.begin(); }
    });
  };
  Review.Clock.prototype = {
    /* source: the address of the sound, or nothing; length: of the timeline, in seconds. */
    load: function (source, length) {
      var going = this.going, until = this.until < this.length ? this.until : 0;
      this.pause();
      this.length = length;
      this.at = Math.min(this.at, length);
      if (source !== this.source) {
        this.source = source;
        this.problem = "";
        if (source) this.audio.src = source;
        else { this.audio.removeAttribute("src"); this.audio.load(); }
      }
      if (going && this.at < length) this.play(until);
    },
    deaf: function (why) {
      if (!this.source) return;
      this.problem = why;
      if (this.going && this.heard) this.begin();
      this.onstate();
    },
    /* Whether the sound is what tells the time from here on. */
    sounds: function () {
      return Boolean(this.source) && !this.problem && this.audio.readyState > 0 && this.at < this.audio.duration - 0.005;
    },
    time: function () {
      if (!this.going) return this.at;
      if (this.heard && !this.audio.ended) return this.audio.currentTime;
      if (this.heard) { this.at = this.audio.duration; this.begin(); }
      return this.at + (performance.now() - this.since) / 1000 * this.rate;
    },
    /* Plays up to `until`, or to the end. */
    play: function (until) {
      if (this.at >= this.length - 0.001) this.at = 0;
      this.from = until ? this.at : 0;
      this.until = until || this.length;
      this.going = true;
      this.begin();
      this.tick();
      this.onstate();
    },
    begin: function () {
      var self = this;
      this.since = performance.now();
      this.heard = this.sounds();
      if (!this.heard) return;
      this.audio.playbackRate = this.rate;
      if (Math.abs(this.audio.currentTime - this.at) > 0.001) this.audio.currentTime = this.at;
      var promise = this.audio.play();
      if (promise) promise.catch(function (error) { if (error.name !== "AbortError") self.deaf("The browser does not play the sound: " + error.message); });
    },
    pause: function () {
      if (!this.going) return;
      this.at = Math.min(this.length, this.time());
      this.stop();
    },
    stop: function () {
      this.going = false;
      cancelAnimationFrame(this.timer);
      this.audio.pause();
      this.onstate();
    },
    seek: function (seconds) {
      this.at = Math.max(0, Math.min(this.length, seconds));
      if (this.source && !this.problem && this.audio.readyState) this.audio.currentTime = Math.min(this.at, this.audio.duration || 0);
      if (this.going) { this.audio.pause(); this.until = this.length; this.from = 0; this.begin(); }
      this.ontime(this.at);
    },
    setRate: function (rate) {
      if (this.going) this.at = this.time();
      this.rate = rate;
      this.audio.playbackRate = rate;
      this.since = performance.now();
    },
    tick: function () {
      var self = this, now = this.time();
      if (now >= this.until) {
        if (this.loop) { this.at = this.from; this.audio.pause(); this.begin(); now = this.at; }
        else { this.at = this.until; this.stop(); this.ontime(this.at); return; }
      }
      this.ontime(now);
      this.timer = requestAnimationFrame(function () { if (self.going) self.tick(); });
    },
  };
})();
