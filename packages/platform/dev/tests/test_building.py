"""An sdist is unpacked only inside its folder."""

import io
import tarfile

import pytest

from mercato_dev.artifacts.builds import unpack


def write_sdist(folder, *members):
    """Write an sdist of *members*; files have two bytes."""
    sdist = folder / "apples-1.0.tar.gz"
    with tarfile.open(sdist, "w:gz") as packed:
        for member in members:
            member.size = 2 if member.isreg() else 0
            packed.addfile(member, io.BytesIO(b"ok"))
    return sdist


def file(name, mode=0o644):
    """Return an archive member that is a file."""
    member = tarfile.TarInfo(name)
    member.mode = mode
    return member


def link(name, kind):
    """Return an archive member that is a link or a device."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/hostname"
    return member


class TestUnpack:
    def test_writes_what_is_there(self, tmp_path):
        """Files keep their content, and programs stay executable."""
        sdist = write_sdist(tmp_path, file("apples-1.0/src/a.py"), file("apples-1.0/run", 0o755))

        sources = unpack(sdist, tmp_path / "there")

        assert sources == tmp_path / "there/apples-1.0"
        assert (sources / "src/a.py").read_bytes() == b"ok"
        assert (sources / "src/a.py").stat().st_mode & 0o777 == 0o644
        assert (sources / "run").stat().st_mode & 0o777 == 0o755

    @pytest.mark.parametrize(
        "member",
        [
            file("apples-1.0/../../stolen"),
            file("/apples-1.0/stolen"),
            link("apples-1.0/a", tarfile.SYMTYPE),
            link("apples-1.0/a", tarfile.LNKTYPE),
            link("apples-1.0/a", tarfile.CHRTYPE),
        ],
        ids=["above", "absolute", "symbolic link", "hard link", "device"],
    )
    def test_refuses_what_would_leave(self, tmp_path, member):
        """Paths that leave the folder, links and devices are refused; nothing is written."""
        sdist = write_sdist(tmp_path, member)

        with pytest.raises(ValueError, match="is not a plain file inside it"):
            unpack(sdist, tmp_path / "there")

        assert not (tmp_path / "stolen").exists()
