"""A date in a file's name counts if the file has none, and only if it is certain."""

import pytest

import photofiles as pf
from fakes import UPLOADED_AT
from reading import extracted
from shared.contracts import TakenAt

LOCAL = "2021-03-30T00:27:11"

TIMES = [
    "IMG_20210330_002711.jpg",
    "IMG_20210330_002711_HDR.jpg",
    "IMG20210330002711.jpg",
    "MVIMG_20210330_002711.jpg",
    "VID_20210330_002711.jpg",
    "20210330_002711.jpg",
    "20210330_002711(0).jpg",
    "WIN_20210330_00_27_11_Pro.jpg",
    "Screenshot_2021-03-30-00-27-11.png",
    "Screenshot_2021-03-30-00-27-11-123_com.example.png",
    "Screenshot_20210330-002711_Chrome.jpg",
    "Screenshot 2021-03-30 002711.png",
    "Screenshot from 2021-03-30 00-27-11.png",
    "Screen Shot 2021-03-30 at 12.27.11 AM.png",
    "Screenshot 2021-03-30 at 12.27.11\u202fAM (2).png",
    "Capture 2021-03-30 à 00.27.11.png",
    "Captura de pantalla 2021-03-30 a las 0.27.11.png",
    "signal-2021-03-30-002711.jpg",
    "signal-2021-03-30-00-27-11-123.jpg",
    "photo_2021-03-30_00-27-11.jpg",
    "2021-03-30 00.27.11.jpg",
    "2021-03-30 00.27.11-1.jpg",
    "2021-03-30T00:27:11.jpg",
    "WhatsApp Image 2021-03-30 at 00.27.11.jpeg",
    "WhatsApp Image 2021-03-30 at 12.27.11 AM (1).jpeg",
]
DAYS = [
    "IMG-20210330-WA0012.jpg",
    "IMG_20210330_0027.jpg",
    "IMG_20210330_992711.jpg",
    "20210330-1234567.jpg",
    "20210330.jpg",
    "2021-03-30.jpg",
    "2021-03-30 (1).jpg",
    "2021_03_30 Grandma.jpg",
    "Grandma 2021.03.30.jpg",
    "001-2021-03-30.jpg",
]
NONE = [
    "DSC_0330.jpg",
    "1202103301.jpg",
    "4920210330.jpg",
    "+4920210330.jpg",
    "+45 20210330.jpg",
    "49-20210330-998877.jpg",
    "FB_IMG_1617064031000.jpg",
    "3fa20210330b.jpg",
    "20210330b.jpg",
    "69304212_1015720204061000_2021033000000123_n.jpg",
    "2021-03-300.jpg",
    "2021-02-30.jpg",
    "2021-13-30.jpg",
    "20210332.jpg",
    "2021-0330.jpg",
    "30.03.2021.jpg",
    "0330-2021.jpg",
    "17010101.jpg",
    "IMG_20990330_002711.jpg",
    "٢٠٢١٠٣٣٠.jpg",
]


def named(file_name: str) -> TakenAt | None:
    return extracted(pf.jpeg(), f"uploads/alice/{file_name}").metadata.taken_at


@pytest.mark.parametrize("name", TIMES)
def test_a_time_in_the_name_is_that_of_the_photo(name: str) -> None:
    assert named(name) == TakenAt(local=LOCAL, source="FILENAME")


@pytest.mark.parametrize("name", DAYS)
def test_a_day_in_the_name_is_that_of_the_photo(name: str) -> None:
    assert named(name) == TakenAt(local="2021-03-30T00:00:00", source="FILENAME", precision="day")


@pytest.mark.parametrize("name", NONE)
def test_a_number_in_the_name_is_not_a_date(name: str) -> None:
    assert named(name) is None


def test_an_afternoon_in_the_name_is_one() -> None:
    taken = named("Screen Shot 2021-03-30 at 9.05.06 PM.png")

    assert taken == TakenAt(local="2021-03-30T21:05:06", source="FILENAME")


@pytest.mark.parametrize("more", ["", ".MP", "~2", ".PORTRAIT"])
def test_a_pixel_names_its_photos_in_utc(more: str) -> None:
    taken = named(f"PXL_20210330_002711123{more}.jpg")

    assert taken == TakenAt(
        local=f"{LOCAL}.123", source="FILENAME", offset="Z", utc=f"{LOCAL}.123Z"
    )


def test_the_album_is_not_the_name() -> None:
    result = extracted(pf.jpeg(), "uploads/alice/2021-03-30/a.jpg")

    assert result.metadata.taken_at is None
    assert result.sort_time == UPLOADED_AT[:19]


@pytest.mark.parametrize("stated", ["1965:07:04 12:00:00", "1965", "2999:01:01 00:00:00"])
def test_any_date_in_the_file_counts_before_its_name(stated: str) -> None:
    photo = pf.jpeg(exif=pf.tiff_block([pf.text(pf.DATE_TIME, stated)]))

    taken = extracted(photo, f"uploads/alice/{TIMES[0]}").metadata.taken_at

    assert taken is not None
    assert taken.source == "EXIF:DateTime"
