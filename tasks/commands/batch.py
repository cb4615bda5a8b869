"""`doit batch`: have everything that is to be drawn drawn as batches, at half the price."""

import time
from typing import TYPE_CHECKING, Any

from doit.exceptions import InvalidCommand

from tasks.ground.advice import doit
from tasks.ground.back_off import growing_waits
from tasks.ground.errors import Mistake
from tasks.ground.say import say
from tasks.ground.wording import counted, dollars
from tasks.running.interrupts import INTERRUPTED
from tasks.running.record import RunRecord
from tasks.running.run import Run
from tasks.running.run_plan import RunPlan
from tasks.spending.resume_command import cents

if TYPE_CHECKING:
    from tasks.batch.flow import Batches
    from tasks.batch.submission import Item
    from tasks.build.purchase import Purchase
    from tasks.graph.node import Node
    from tasks.requests.request import Request

_FIRST_WAIT_S, _LONGEST_WAIT_S = 2.0, 60.0
_TOLERANCE_USD = 1e-9


class Batch(Run):
    """A run that draws nothing itself: what would have to be drawn is submitted as batches."""

    name = "batch"
    doc_purpose = "draw by the provider's batches: at half the price, within a day"
    doc_usage = "[TASK/TARGET...] [wait=yes] [cancel=yes]"
    doc_description = (
        "Takes in what earlier batches have drawn, builds those frames, and submits what can be"
        " drawn now; give it again for the next layer. wait=yes stays until all is done;"
        " cancel=yes ends the batches."
    )

    def execute(self, params: Any, args: list[str]) -> int:
        """Take in, build, submit; again and again where that is wanted."""
        options, engine = self.session.options, self.session.graph.engine
        if not engine.facts.paid:
            raise InvalidCommand("drafts are free and need no batch; batches need a key")
        if not engine.facts.batches:
            raise InvalidCommand(f"the engine {engine.name} has no batches")
        if options.get("cancel"):
            return self._cancel()
        self.plan = RunPlan(("doit", self.name), postpone=self._collect, then=self._submit)
        code = self._round(params, args)
        while options.get("wait") and self._wait():
            code = self._round(params, args)
        return code

    def _round(self, params: Any, args: list[str]) -> int:
        """One look at everything: build what is there, submit what can be drawn now."""
        self._collected: list[Item] = []
        return super().execute(params, args)

    def _submit(self, _code: int, record: RunRecord) -> int:
        """Submit what was collected. What waits for a batch did not fail."""
        try:
            submitted = self._batches().submit(self._affordable())
        except Mistake as error:
            raise InvalidCommand(str(error)) from error
        problem = submitted.problem or record.fetch_problem or self._left_out
        return 1 if record.failed or problem else 0

    def _collect(self, node: "Node", request: "Request", new_take: bool) -> None:
        from tasks.batch.submission import Item
        from tasks.models.prices import BATCH_FACTOR

        cost_usd = self._purchase().caller.policy.estimator.estimate(request).cost_usd
        half_usd = None if cost_usd is None else cost_usd * BATCH_FACTOR
        self._collected.append(Item(request, (node.name,), half_usd, new_take))

    def _affordable(self) -> "list[Item]":
        """What the budget allows; the rest is named with the command that goes on."""
        limit_usd = self.session.builder.generation.budget_usd
        costs_usd = {item.request.key: item.estimate_usd for item in self._collected}
        paid, spent_usd = set[str](), 0.0
        for key, cost_usd in costs_usd.items():
            if limit_usd is not None and (
                cost_usd is None or spent_usd + cost_usd > limit_usd + _TOLERANCE_USD
            ):
                continue
            paid.add(key)
            spent_usd += cost_usd or 0.0
        left = [item for item in self._collected if item.request.key not in paid]
        self._left_out = len(left)
        if left and limit_usd is not None:
            say(self._too_dear(left, limit_usd))
        return [item for item in self._collected if item.request.key in paid]

    def _too_dear(self, left: "list[Item]", limit_usd: float) -> str:
        """What is not submitted, and how to go on."""
        frames = counted(len(left), "frame")
        unknown = [item.request.model for item in left if item.estimate_usd is None]
        if unknown:
            return (
                f'[!] {frames} not submitted: the price of "{unknown[0]}" is not known; say it in'
                " generation.prices, or lift the limit with budget=none"
            )
        costs_usd = {item.request.key: item.estimate_usd or 0.0 for item in left}
        more_usd = sum(costs_usd.values())
        return (
            f"[!] {frames} not submitted, about {dollars(more_usd)}: the budget is"
            f" {dollars(limit_usd)}; to go on: {self.session.calls.resume.again(cents(more_usd))}"
        )

    def _wait(self) -> bool:
        """Wait until something came of a batch; False where there is nothing to wait for."""
        batches = self._batches(quiet=True)
        waits = growing_waits(_FIRST_WAIT_S, _LONGEST_WAIT_S, 1.5)
        while batches.live():
            try:
                time.sleep(next(waits))
            except KeyboardInterrupt:
                again = doit("batch")
                say(f"[i] The batches go on without us; {again} looks at them again.")
                raise SystemExit(INTERRUPTED) from None
            fetched = batches.fetch()
            if fetched.taken or fetched.failed or fetched.freed or fetched.over:
                return True
        return False

    def _cancel(self) -> int:
        batches = self._batches()
        if not batches.live():
            say("[i] There is no batch to end.")
            return 0
        ended = batches.cancel()
        if ended.problem:
            return 1
        batches.fetch()
        say(f"[i] What was drawn until now is paid for; the next {doit()} takes it in.")
        return 0

    def _purchase(self) -> "Purchase":
        purchase = self.session.builder.purchase
        assert purchase is not None  # noqa: S101 - `execute` refuses engines that are free
        return purchase

    def _batches(self, *, quiet: bool = False) -> "Batches":
        from tasks.batch.open import open_batches

        said: set[str] = set()

        def tell(line: str) -> None:
            """Each piece of news once: while we wait, most looks bring none."""
            news = line.partition(", submitted ")[0]
            if not quiet or news not in said:
                said.add(news)
                say(line)

        builder = self.session.builder
        return open_batches(builder.store, builder.generation, self._purchase().caller.policy, tell)
