"""The rope settings of config.json, in both ways of writing them."""

from kvist.errors import KvistError
from kvist.json_file import JsonFile


def rope_base(config: JsonFile) -> float:
    """The rope base from `rope_parameters` (transformers 5 and later) or `rope_theta` (before).

    Only plain rope over the whole head is built; scaled kinds (yarn, llama3, linear, dynamic) are refused,
    since ignoring them gives fluent and wrong text.
    """
    new, old = config.get("rope_parameters", dict, {}), config.get("rope_scaling", dict, {})
    for key, settings in (("rope_parameters", new), ("rope_scaling", old)):
        kind = settings.get("rope_type", settings.get("type", "default"))
        if kind != "default":
            need = f'"{key}" with rope_type "default", the only one supported'
            raise KvistError(f"{config.path}", need, repr(kind))
    settings = JsonFile(config.path, config.values | new)
    settings.refuse_unless("partial_rotary_factor", 1.0)
    return settings.positive("rope_theta", float)
