"""What a batch of calls costs this process: instructions under callgrind, else CPU time."""

import ctypes
import mmap
import os
import platform
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import process_time

VALGRIND = shutil.which("valgrind") if platform.machine() == "x86_64" else None
OUTPUT = "BENCH_CALLGRIND"
"""The variable that names the files of callgrind, in a process that runs under it."""

# Requests of callgrind.h, whose first byte pair is "CT".
_DUMP, _ZERO, _START, _STOP = (0x4354 << 16 | number for number in (0, 1, 4, 5))

# What valgrind.h writes for this machine: move the address of the request to rax and 0 to rdx,
# turn rdi round once, which does nothing by itself and is what valgrind looks for, and return.
_CODE = bytes.fromhex("4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3")


def under_callgrind(command: Sequence[str], place: Path) -> tuple[list[str], dict[str, str]]:
    """Return what runs *command* under callgrind, and the variables that it needs."""
    output = str(place / "callgrind")
    words = [str(VALGRIND), "--tool=callgrind", "--instr-atstart=no", "--quiet"]
    words += [f"--callgrind-out-file={output}", *command]
    return words, {OUTPUT: output, "PYTHONHASHSEED": "0"}


def cost_of(calls: Sequence[Callable[[], object]]) -> float:
    """Return what one of *calls* costs on average: instructions, or CPU nanoseconds."""
    return _instructions(calls) if OUTPUT in os.environ else _nanoseconds(calls)


def _instructions(calls: Sequence[Callable[[], object]]) -> float:
    ask = _requester()
    ask(_ZERO)
    ask(_START)
    for call in calls:
        call()
    ask(_STOP)
    ask(_DUMP)
    output = Path(os.environ[OUTPUT])
    newest = max(output.parent.glob(f"{output.name}.*"), key=lambda file: int(file.suffix[1:]))
    lines = newest.read_text().splitlines()
    total = next(line for line in lines if line.startswith("totals:"))
    return int(total.removeprefix("totals:")) / len(calls)


def _requester() -> Callable[[int], None]:
    """Return a function that sends a request to valgrind; outside of it, it does nothing."""
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(_CODE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    function = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)(address)

    def ask(request: int) -> None:
        function(ctypes.byref((ctypes.c_ulong * 6)(request)))

    # The page lasts as long as the function that runs its code.
    ask.page = page  # type: ignore[attr-defined]
    return ask


def _nanoseconds(calls: Sequence[Callable[[], object]]) -> float:
    each = []
    for call in calls:
        started = process_time()
        call()
        each.append((process_time() - started) * 1e9)
    return median(each)
