"""The OpenAI images edit endpoint, or any that speaks its language, as an engine.

The only package that knows the SDK. Key and endpoint come from the SDK's own environment
variables (OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_ORG_ID, ...).
"""

from tasks.engines.openai.batches import SdkBatches
from tasks.engines.openai.images import ImagesEngine
from tasks.engines.openai.text import TextEngine
from tasks.requests.engine import EngineSettings


def open_engine(settings: EngineSettings) -> ImagesEngine:
    """An engine whose client is made at its first call."""
    return ImagesEngine(settings)


def open_texts(settings: EngineSettings) -> TextEngine:
    """What writes words, by the same client."""
    return TextEngine(settings)


def open_batches(settings: EngineSettings) -> SdkBatches:
    """The account's batches. Raises `EngineFailure` where the environment can make no client."""
    return SdkBatches(settings)
