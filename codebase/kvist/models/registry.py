"""Which model class reads which `model_type` of config.json. A model's file is named after its model_type."""

from typing import NamedTuple

from kvist.errors import KvistError
from kvist.json_file import JsonFile
from kvist.models.qwen3 import Qwen3, Qwen3Config


class ModelClasses(NamedTuple):
    """What a model file provides."""

    config: type[Qwen3Config]
    model: type[Qwen3]


MODELS = {"qwen3": ModelClasses(Qwen3Config, Qwen3)}


def model_classes(config: JsonFile) -> ModelClasses:
    """The classes for `model_type`. Raises KvistError listing what is supported."""
    model_type = config.get("model_type", str)
    if model_type not in MODELS:
        supported = ", ".join(sorted(MODELS))
        raise KvistError(f"{config.path}", f'a supported "model_type" ({supported})', repr(model_type))
    return MODELS[model_type]
