"""Colors become sRGB, as the file states them."""

import pytest
import pyvips

from picture.color import Nclx, has_foreign_profile, hdr_to_srgb
from pictures import plain, seen, with_profile

BT2020 = 9
PQ, HLG = 16, 18


def shown(code: int, transfer: int, primaries: int = BT2020) -> list[float]:
    """Return the color of a gray of that code, 0 to 255."""
    return seen(hdr_to_srgb(plain((code, code, code)), Nclx(primaries, transfer)))[0]


class TestHdr:
    @pytest.mark.parametrize("primaries", [1, 9, 11, 12])
    @pytest.mark.parametrize("transfer", [PQ, HLG])
    @pytest.mark.parametrize("code", [0, 60, 128, 190, 255])
    def test_gray_stays_gray(self, code: int, transfer: int, primaries: int) -> None:
        level = shown(code, transfer, primaries)

        assert max(level) - min(level) <= 1

    @pytest.mark.parametrize("transfer", [PQ, HLG])
    def test_brighter_stays_brighter_and_nothing_is_clipped(self, transfer: int) -> None:
        levels = [shown(code, transfer)[0] for code in range(40, 256, 24)]

        assert levels == sorted(levels)
        assert levels[0] < 60
        assert levels[-1] > 240

    @pytest.mark.parametrize(("transfer", "code"), [(PQ, 148), (HLG, 191)])
    def test_reference_white_is_nearly_white(self, transfer: int, code: int) -> None:
        """203 cd/m2 by BT.2408, table 1: 58 % of PQ's codes, 75 % of HLG's."""
        assert 220 < shown(code, transfer)[0] < 240

    @pytest.mark.parametrize(("code", "nits"), [(38, 1), (77, 10), (130, 100)])
    def test_darker_tones_keep_their_light(self, code: int, nits: float) -> None:
        """Below the knee the light of BT.2100's PQ is that of sRGB (IEC 61966-2-1)."""
        linear = nits / 203
        srgb = linear * 12.92 if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055

        assert shown(code, PQ)[0] == pytest.approx(srgb * 255, abs=3)

    def test_transparency_is_kept(self) -> None:
        image = plain((100, 100, 100, 70))

        assert seen(hdr_to_srgb(image, Nclx(BT2020, PQ)))[0][3] == 70


class TestProfiles:
    def test_with_the_name_of_srgb_cost_no_conversion(self) -> None:
        srgb = pyvips.Image.profile_load("srgb")

        assert not has_foreign_profile(with_profile(plain((1, 2, 3)), srgb))
        assert not has_foreign_profile(plain((1, 2, 3)))

    @pytest.mark.parametrize("profile", [b"sRGB", bytes(131), bytes(128) + b"\xff" * 40])
    def test_that_are_broken_are_left_to_libvips(self, profile: bytes) -> None:
        assert has_foreign_profile(with_profile(plain((1, 2, 3)), profile))

    def test_with_a_name_like_srgb_are_converted(self) -> None:
        """`sRGB-elle-V2-g10` has sRGB's primaries, and is linear."""
        assert has_foreign_profile(with_profile(plain((1, 2, 3)), named(b"sRGB-elle-V2-g10.icc")))
        assert not has_foreign_profile(with_profile(plain((1, 2, 3)), named(b"sRGB")))


def named(name: bytes) -> bytes:
    """Return the beginning of a profile of version 2."""
    element = b"desc" + bytes(4) + (len(name) + 1).to_bytes(4) + name + b"\0"
    table = (1).to_bytes(4) + b"desc" + (144).to_bytes(4) + len(element).to_bytes(4)
    return bytes(128) + table + element
