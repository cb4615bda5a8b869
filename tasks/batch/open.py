"""The batches of a project, opened with all that they need."""

from collections.abc import Callable, Mapping

from tasks.batch.flow import Batches
from tasks.character.character import Generation
from tasks.graph.project import Project
from tasks.ground.advice import doit
from tasks.requests import engine as engines
from tasks.requests.batches import BatchService
from tasks.requests.engine import EngineSettings
from tasks.spending.calls import CallPolicy
from tasks.spending.estimate import Estimator
from tasks.spending.ledger import Ledger
from tasks.takes.store import TakeStore


def open_batches(
    store: TakeStore, generation: Generation, policy: CallPolicy, say: Callable[[str], None]
) -> Batches:
    """The batches of a run with these terms; the network is used when they are looked at."""
    settings = EngineSettings(generation.timeout_s, generation.answer_hosts, generation.image_field)
    return Batches(
        store,
        policy.ledger,
        policy.estimator,
        lambda: engines.load_batches("openai", settings),
        say,
        refused=store.refusals.remember,
    )


def in_batch(project: Project) -> Mapping[str, str]:
    """The requests that a live batch draws, and what to say of each; from disk alone."""
    batches = _on_disk(project)
    if batches is None:
        return {}
    return {
        key: f"it is in batch {live.batch or '(being submitted)'} of {live.since:%Y-%m-%d %H:%M}"
        f" UTC; {doit('batch')} looks whether it is done"
        for key, live in batches.live().items()
    }


def pending_usd(project: Project) -> float:
    """What live batches are still to be billed for, as it was estimated; from disk alone."""
    batches = _on_disk(project)
    return batches.pending_usd() if batches else 0.0


def _on_disk(project: Project) -> Batches | None:
    """The batches as far as they are known here; None where there never was any."""
    if not (project.store / "batches").is_dir():
        return None
    store, ledger = TakeStore(project.store), Ledger(project.store)
    return Batches(store, ledger, Estimator(()), _no_network, lambda _text: None)


def _no_network() -> BatchService:
    raise AssertionError("what is on disk alone is looked at")
