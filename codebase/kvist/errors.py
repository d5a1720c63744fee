"""The one error type for bad input: every message says where, what is needed, what was got, and a hint."""


class KvistError(ValueError):
    """Bad input to the engine, printed as `[where] need …, got …. hint: …`.

    `where` is the operator, file or option that refused; `need` and `got` are short phrases without a full
    stop; `hint` says what to do next and may be left out. Command lines print the message alone, never a
    traceback.
    """

    def __init__(self, where: str, need: str, got: str, hint: str = "") -> None:
        self.where = where
        self.need = need
        self.got = got
        self.hint = hint
        message = f"[{where}] need {need}, got {got}."
        super().__init__(f"{message} hint: {hint}" if hint else message)

    def __reduce__(self) -> tuple[type["KvistError"], tuple[str, str, str, str]]:
        # Exceptions pickle by their args (the finished message), which __init__ does not take.
        return type(self), (self.where, self.need, self.got, self.hint)
