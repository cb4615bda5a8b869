"use strict";
/* Timelines where the page is served: as their files are now. */
(function () {
  Review.timelines.source = function (entry) { return Review.serve.get("timeline?of=" + encodeURIComponent(entry.name)); };
  /* Whole, so that every place in it can be gone to. */
  Review.timelines.sound = function (address) {
    return fetch("sound?of=" + encodeURIComponent(Review.timelines.name()) + "&" + address.split("?")[1]).then(function (answer) {
      if (!answer.ok) throw new Error("The sound cannot be read.");
      return answer.blob();
    }).then(function (blob) { return URL.createObjectURL(blob); });
  };
})();
