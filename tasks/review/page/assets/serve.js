"use strict";
/* The served page: decisions are done at once, runs are followed, new frames appear. */
(function () {
  var el = Review.el, handlers = {}, shownNumber = Review.data.number, loading = false, wanted = 0;
  var parts = {}, lastState = "";

  function ask(path, options) {
    return fetch(path, options).then(function (answer) {
      return answer.json().then(function (content) {
        if (!answer.ok) throw new Error(content.error || "it was refused");
        return content;
      });
    }, function () { throw new Error("the server does not answer; start doit serve again, and open its new address"); });
  }

  Review.serve = {
    /* Sends content; promises the answer. A refusal is told, and the promise fails. */
    post: function (path, content) {
      return Review.serve.send(path, content)
        .then(function (answer) { Review.say((answer.said || []).join("\n")); return answer; },
          function (error) { Review.say(error.message, true); throw error; });
    },
    /* The same, and nothing is told. */
    send: function (path, content) {
      return ask(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(content || {})});
    },
    get: function (path) { return ask(path); },
    /* handler(content) whenever the server tells something of this kind. */
    on: function (kind, handler) {
      handlers[kind] = handler;
      if (source) listen(kind);
    },
    decide: function (name, decision) { return Review.serve.decideAll([name], decision); },
    decideAll: function (names, decision) {
      if (decision.what === "retake") return Review.serve.run({frames: names, takes: decision.count || 1});
      return quietly(Review.serve.post("decide", Object.assign({}, decision, {frames: names})).then(load));
    },
    redraw: function (names) { return Review.serve.run({frames: names, anew: true}); },
    /* What costs money is said before it is spent. */
    run: function (wish) {
      if (!Review.data.paid || wish.takes) return quietly(Review.serve.post("run", wish));
      return quietly(Review.serve.post("plan", wish).then(function (plan) {
        if (!plan.calls) return Review.serve.post("run", wish);
        confirm(plan, wish);
      }));
    },
    undo: function () { return quietly(Review.serve.post("undo").then(load)); },
  };
  function confirm(plan, wish) {
    var dialog = document.getElementById("note");
    var cost = plan.cost_usd === null ? "what that costs is not known" : "about " + Review.money(plan.cost_usd) + " (" + plan.estimated + ")";
    var budget = plan.budget_usd === null ? "no budget is set" : "the budget is " + Review.money(plan.budget_usd);
    var form = el("form", {onsubmit: function (event) {
      event.preventDefault();
      dialog.close();
      quietly(Review.serve.post("run", wish));
    }},
      el("h2", {id: "note-title"}, "Draw " + (plan.draw === 1 ? "1 frame" : plan.draw + " frames") + "?"),
      el("p", {}, "By " + plan.engine + ", " + cost + "; " + budget + "."),
      el("p", {class: "row"},
        el("button", {type: "submit", id: "do-draw"}, "Draw"),
        el("button", {type: "button", onclick: function () { dialog.close(); }}, "Cancel")));
    Review.fill(dialog, form);
    dialog.showModal();
    document.getElementById("do-draw").focus();
  }
  function quietly(promise) { return promise.catch(function () { /* it was told */ }); }

  /* The newest data; asked for again where it changed meanwhile. */
  function load() {
    if (loading) { wanted += 1; return loading; }
    wanted = 0;
    loading = ask("data.json").then(function (data) {
      loading = false;
      if (data.number !== shownNumber || data.undo !== Review.data.undo) {
        shownNumber = data.number;
        Review.replaceData(data);
        showUndo(data.undo);
      }
      if (wanted) return load();
    }, function (error) { loading = false; Review.say(error.message, true); });
    return loading;
  }

  var source = null;
  function connect() {
    if (source || document.hidden) return;
    source = new EventSource("events");
    Object.keys(handlers).forEach(listen);
    source.onopen = function () { document.getElementById("offline").hidden = true; };
    source.onerror = function () { document.getElementById("offline").hidden = false; };
  }
  function listen(kind) {
    source.addEventListener(kind, function (event) { handlers[kind](JSON.parse(event.data)); });
  }
  /* A browser keeps six connections to a server: pages in the background give theirs back. */
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) connect();
    else if (source) { source.close(); source = null; }
  });

  Review.serve.on("data", function (number) { if (number !== shownNumber) load(); });
  Review.serve.on("undo", showUndo);
  Review.serve.on("runs", showRuns);

  function build() {
    parts.undo = el("button", {type: "button", id: "undo", onclick: Review.serve.undo});
    parts.draw = el("button", {type: "button", id: "draw", onclick: function () { Review.serve.run({frames: null}); }}, "Draw what is due");
    document.getElementById("help-button").before(parts.draw, parts.undo);
    document.querySelector("nav").append(el("a", {href: "face"}, "Landmarks"));
    parts.title = el("strong", {});
    parts.progress = el("progress", {max: "1", value: "0", "aria-label": "Frames done"});
    parts.count = el("span", {class: "counted", role: "status"});
    parts.last = el("p", {class: "last"});
    parts.lines = el("pre", {class: "lines", tabindex: "0", role: "region", "aria-label": "What the run said"});
    parts.stop = el("button", {type: "button", id: "stop", onclick: function () { quietly(Review.serve.post("stop")); }}, "Stop");
    parts.close = el("button", {type: "button", id: "close-run", onclick: function () { parts.run.hidden = true; }}, "Close");
    parts.run = el("aside", {id: "run", "aria-label": "Run", hidden: true},
      el("div", {class: "row"}, parts.title, parts.progress, parts.count, parts.stop, parts.close),
      el("details", {}, el("summary", {}, parts.last), parts.lines));
    document.getElementById("decisions").after(parts.run,
      el("p", {id: "offline", role: "alert", hidden: true}, "The server has ended, or is not to be reached. Start doit serve again, and open its new address."));
  }

  function showUndo(said) {
    Review.data.undo = said;
    parts.undo.disabled = !said;
    parts.undo.title = said ? "Take back: " + said : "Nothing is to be taken back";
    Review.fill(parts.undo, "Undo ", el("kbd", {}, "u"));
  }

  var WORDS = {waits: "waits", runs: "under way", stops: "stops; what is being drawn is waited for", done: "is done", failed: "ended"};
  function showRuns(runs) {
    var run = runs.find(function (each) { return each.state === "runs" || each.state === "stops"; }) || runs[runs.length - 1];
    if (!run) return;
    var going = run.state === "runs" || run.state === "stops", waiting = runs.filter(function (each) { return each.state === "waits"; }).length;
    if (going || waiting || lastState) parts.run.hidden = false;
    if (!going && !waiting && !lastState) return;
    lastState = run.state;
    parts.title.textContent = run.title;
    parts.progress.max = Math.max(1, run.of);
    parts.progress.value = run.state === "done" && !run.of ? 1 : run.done;
    Review.fill(parts.count, run.of ? run.done + " of " + run.of + (run.failed ? "" : ":") : "", run.failed ? ", " + run.failed + " failed:" : "", " ", WORDS[run.state], waiting ? "; " + waiting + " more to come" : "");
    parts.last.textContent = run.lines[run.lines.length - 1] || "…";
    parts.lines.textContent = run.lines.join("\n");
    parts.run.classList.toggle("failed", run.state === "failed" || run.failed > 0);
    parts.stop.hidden = !going && !waiting;
    parts.close.hidden = going;
  }

  build();
  showUndo(Review.data.undo);
  connect();
})();
