"""The quantization settings of config.json, as checkpoints quantized for MLX have them."""

from dataclasses import dataclass, field

from kvist.errors import KvistError
from kvist.json_file import JsonFile
from kvist.ops.affine import check_layout


@dataclass(frozen=True, slots=True)
class Quantization:
    """How the weights of a model are packed: see `kvist.ops.QuantizedWeight`."""

    bits: int = 4
    group_size: int = 64
    layers: dict[str, "Quantization | None"] = field(default_factory=dict)
    """Layers, by name, that are packed in another way; None for those that are not."""

    def __post_init__(self) -> None:
        check_layout("quantization", self.group_size, self.bits)

    def of(self, layer: str) -> "Quantization | None":
        """The settings of one layer."""
        return self.layers.get(layer, self)

    @staticmethod
    def from_file(config: JsonFile) -> "Quantization | None":
        """`quantization` or `quantization_config` of config.json; None when there is neither.

        Raises KvistError on another scheme than MLX's affine one, and on settings that it has not.
        """
        key = "quantization" if "quantization" in config.values else "quantization_config"
        settings = config.get(key, dict, {})
        if not settings:
            return None
        where = f"{config.path}: {key}"
        scheme = settings.get("quant_method", settings.get("mode", "affine"))
        if scheme != "affine":
            hint = "convert the original checkpoint, or load it and give --quantize"
            raise KvistError(where, "MLX's affine quantization, the only one supported", repr(scheme), hint)
        whole = _read(where, settings, None)
        layers = {
            name: None if value is False else _read(f"{where}: {name}", value, whole)
            for name, value in settings.items()
            if isinstance(value, dict) or value is False
        }
        return Quantization(whole.bits, whole.group_size, layers)


def _read(where: str, settings: dict[str, object], default: "Quantization | None") -> Quantization:
    numbers: dict[str, int] = {}
    for key in ("bits", "group_size"):
        value = settings.get(key, getattr(default, key, None))
        if type(value) is not int:
            raise KvistError(where, f'"{key}", a whole number', repr(value))
        numbers[key] = value
    if settings.get("mode", "affine") != "affine":
        raise KvistError(where, 'mode "affine", the only one supported', repr(settings["mode"]))
    try:
        return Quantization(numbers["bits"], numbers["group_size"])
    except KvistError as error:
        raise KvistError(where, error.need, error.got) from None
