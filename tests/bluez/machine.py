"""The first files of the virtual machine: the modules of its kernel that Bluetooth needs, busybox and `init.sh`."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

HERE = Path(__file__).parent
MODULES = (
    *("virtio_pci", "virtio_console", "virtio_rng", "9pnet_virtio", "9p", "overlay"),
    *("cmac", "ecb", "ccm", "aes_generic", "ecdh_generic", "algif_hash", "algif_skcipher"),
    *("bluetooth", "hci_uart"),
)
_FOLDER, _PROGRAM, _DEVICE = 0o040755, 0o100755, 0o020600


class Kernel:
    """The kernel among the unpacked packages in `folder`."""

    def __init__(self, folder: Path) -> None:
        (self.image,) = (folder / "boot").glob("vmlinuz-*")
        self.version = self.image.name.removeprefix("vmlinuz-")
        (self._modules,) = (each for top in ("lib", "usr/lib") for each in folder.glob(f"{top}/modules/{self.version}"))
        found = (path for path in self._modules.rglob("*.ko*") if path.is_file())
        self._files = {_name(path.name): path for path in found}
        builtin = (self._modules / "modules.builtin").read_text().split()
        self._builtin = {_name(Path(path).name) for path in builtin}

    def modules(self) -> dict[str, bytes]:
        """The modules by name, each after those that it needs. Raises `LookupError` if the kernel lacks one."""
        loaded: dict[str, bytes] = {}
        for name in MODULES:
            self._add(name, loaded)
        return loaded

    def _add(self, name: str, loaded: dict[str, bytes]) -> None:
        if name in loaded or name in self._builtin:
            return
        if name not in self._files:
            raise LookupError(f"the kernel {self.version} has no {name}")
        path = self._files[name]
        content = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
        (needs,) = (part[8:] for part in content.split(b"\0") if part.startswith(b"depends="))
        for need in needs.decode().split(","):
            if need:
                self._add(_name(need), loaded)
        loaded[name] = content


def _name(file: str) -> str:
    return file.split(".ko")[0].replace("-", "_")


def first_files(folder: Path, kernel: Kernel) -> bytes:
    """The archive that the kernel unpacks as its first root, of the unpacked packages in `folder`."""
    (busybox,) = (folder / place for place in ("bin/busybox", "usr/bin/busybox") if (folder / place).is_file())
    files = dict.fromkeys(("bin", "dev", "lower", "modules", "proc", "root", "sys", "upper"), (_FOLDER, b""))
    files["bin/busybox"] = (_PROGRAM, busybox.read_bytes())
    files["init"] = (_PROGRAM, (HERE / "init.sh").read_bytes())
    for number, (name, content) in enumerate(kernel.modules().items()):
        files[f"modules/{number:02}-{name}.ko"] = (_PROGRAM, content)
    entries = b"".join(_entry(name, mode, content) for name, (mode, content) in files.items())
    console = _entry("dev/console", _DEVICE, b"", (5, 1))
    return gzip.compress(entries + console + _entry("TRAILER!!!", 0, b""), 1)


def _entry(name: str, mode: int, content: bytes, device: tuple[int, int] = (0, 0)) -> bytes:
    """One file as cpio keeps it ("newc"): thirteen numbers, the name and the content, each on a limit of four bytes."""
    numbers = (0, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08x" % number for number in numbers) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)
