"""`doit batch`: have everything that is to be drawn drawn as batches, at half the price."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from doit.exceptions import InvalidCommand

from tasks.ground.advice import doit
from tasks.ground.back_off import growing_waits
from tasks.ground.errors import Mistake
from tasks.ground.say import say
from tasks.ground.wording import budget_text, counted, dollars
from tasks.running.begin import INTERRUPTED
from tasks.running.record import RunRecord
from tasks.running.run import Run
from tasks.running.run_plan import RunPlan
from tasks.spending.budget import OverBudget
from tasks.spending.periods import check_left
from tasks.spending.resume_command import cents

if TYPE_CHECKING:
    from tasks.batch.flow import Batches
    from tasks.batch.submission import Item
    from tasks.build.purchase import Purchase
    from tasks.graph.node import Node
    from tasks.requests.request import Request
    from tasks.spending.calls import CallPolicy

_FIRST_WAIT_S, _LONGEST_WAIT_S = 2.0, 60.0
_LEAST_USD = 1e-6


class Batch(Run):
    """A run that draws nothing itself: what would have to be drawn is submitted as batches.

    However many rounds that takes, it is one command: each request is submitted once at the most,
    and one budget is for all of them. What a batch has answered finally without a picture is not
    asked again by a later command either, unless -a forces it.
    """

    name = "batch"
    doc_purpose = "draw by the provider's batches: at half the price, within a day"
    doc_usage = "[-a] [TASK/TARGET...] [wait=yes] [cancel=yes]"
    doc_description = (
        "Takes in what earlier batches have drawn, builds those frames, and submits what can be"
        " drawn now; give it again for the next layer. wait=yes stays until all is done;"
        " cancel=yes ends the batches. What a batch failed at is submitted again only with -a."
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
        self._estimates_usd: dict[str, float] = {}
        """of what this command has submitted and not been billed for yet, by request key"""
        self._submitted: set[str] = set()
        self._failed = self._turned_down = False
        code = self._round(params, args)
        while options.get("wait") and not self._turned_down and self._wait():
            params["always"] = False  # new takes were asked for once
            code = self._round(params, args)
        self._say_spent()
        return code or int(self._failed)

    def _round(self, params: Any, args: list[str]) -> int:
        """One look at everything: build what is there, submit what can be drawn now."""
        self._collected: list[Item] = []
        return super().execute(params, args)

    def _submit(self, _code: int, record: RunRecord) -> int:
        """Submit what was collected. What waits for a batch did not fail."""
        self._failed |= bool(record.batch_failures or record.turned_down)
        if record.turned_down or self._turned_down:
            say(f"[!] Nothing is submitted now; when that is mended: {self._again()}")
            return 1
        self._count_bills()
        try:
            items = self._affordable(self._not_asked_before(self._collected))
            submitted = self._batches().submit(items)
        except Mistake as error:
            raise InvalidCommand(str(error)) from error
        if submitted.batches:
            self._submitted |= {item.request.key for item in items}
        else:
            self._take_back(items)
        problem = submitted.problem or record.fetch_problem or self._left_out
        return 1 if record.failed or problem else 0

    def _collect(self, node: "Node", request: "Request", new_take: bool) -> None:
        from tasks.batch.submission import Item
        from tasks.models.prices import BATCH_FACTOR

        cost_usd = self._policy.estimator.estimate(request).cost_usd
        half_usd = None if cost_usd is None else cost_usd * BATCH_FACTOR
        self._collected.append(Item(request, (node.name,), half_usd, new_take))

    def _not_asked_before(self, items: "list[Item]") -> "list[Item]":
        """Without what this command has submitted already, or a batch failed at for good."""
        final = self._failed_for_good()
        left = []
        for item in items:
            again = item.request.key in self._submitted
            why = "" if item.new_take else final.get(item.request.key, "")
            if again or why:
                self._failed = True
            if why and not again:
                forced = doit(self.name, "-a", _task_of(item.frames[0]))
                say(
                    f"[!] Not submitted again: {', '.join(item.frames)}: a batch failed at it"
                    f" ({why}); change its words, or ask once more: {forced}"
                )
            elif not again:
                left.append(item)
        return left

    def _failed_for_good(self) -> dict[str, str]:
        """The requests whose last answer, by a batch, is the same when they are asked again."""
        from tasks.requests.engine import Fault

        final = {Fault.FINAL.value, Fault.UNUSABLE.value}
        last = {entry.key: entry for entry in self._policy.ledger.entries()}
        return {
            key: entry.note or entry.outcome
            for key, entry in last.items()
            if entry.batch and entry.outcome in final
        }

    def _affordable(self, items: "list[Item]") -> "list[Item]":
        """What the budgets allow; the rest is named with the command that goes on."""
        policy, more_usd = self._policy, 0.0
        budgets = list(policy.periods.left(policy.ledger.entries()))
        paid, left = dict[str, float](), list["Item"]()
        for item in {item.request.key: item for item in items}.values():
            cost_usd = item.estimate_usd or 0.0
            try:
                check_left(budgets, more_usd + cost_usd)
            except OverBudget as refusal:
                say(f"[!] {', '.join(item.frames)}: {refusal}; raise {refusal.key} in generation")
                self._failed = True
                continue
            if policy.budget.spend(item.estimate_usd):
                paid[item.request.key] = cost_usd
                more_usd += cost_usd
            else:
                left.append(item)
        self._estimates_usd |= paid
        self._left_out = len(left)
        if left:
            say(self._too_dear(left))
        return [item for item in items if item.request.key in paid]

    def _take_back(self, items: "Iterable[Item]") -> None:
        """Count nothing for what was not submitted after all."""
        for key in {item.request.key for item in items}:
            self._policy.budget.correct(-self._estimates_usd.pop(key, 0.0))

    def _count_bills(self) -> None:
        """Count what requests of this command cost in place of what they were held to cost."""
        for entry in self._policy.ledger.entries():
            if entry.batch and entry.key in self._estimates_usd:
                estimate_usd = self._estimates_usd.pop(entry.key)
                self._policy.budget.correct(entry.counted_usd - estimate_usd)

    def _say_spent(self) -> None:
        """What all rounds came to; nothing where nothing was submitted."""
        self._count_bills()
        budget, waiting = self._policy.budget, sum(self._estimates_usd.values())
        if self._submitted and budget.spent_usd > _LEAST_USD:
            about = f", about {dollars(waiting)} of it still to be billed" if waiting else ""
            say(
                f"[i] Batches of this command: {dollars(budget.spent_usd)}{about};"
                f" {budget_text(budget.limit_usd)}"
            )

    def _too_dear(self, left: "list[Item]") -> str:
        """What is not submitted, and how to go on."""
        frames, limit_usd = counted(len(left), "frame"), self._policy.budget.limit_usd or 0.0
        unknown = [item.request.model for item in left if item.estimate_usd is None]
        if unknown:
            return (
                f'[!] {frames} not submitted: the price of "{unknown[0]}" is not known; say it in'
                " generation.prices, or lift the limit with budget=none"
            )
        more_usd = sum(item.estimate_usd or 0.0 for item in left)
        return (
            f"[!] {frames} not submitted, about {dollars(more_usd)}: the budget is"
            f" {dollars(limit_usd)}; to go on: {self.session.calls.resume.again(cents(more_usd))}"
        )

    def _again(self) -> str:
        return self.session.calls.resume.again("none").replace(" budget=none", "")

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
            self._failed |= bool(fetched.failed or fetched.turned_down)
            self._turned_down = bool(fetched.turned_down)
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

    @property
    def _policy(self) -> "CallPolicy":
        return self._purchase().caller.policy

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
        return open_batches(builder.store, builder.generation, self._policy, tell)


def _task_of(name: str) -> str:
    """The task of a frame, by its name."""
    return f"{'sequences' if ':' in name else 'endpoints'}:{name}"
