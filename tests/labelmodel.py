"""The label model for tests: its classifier is made here, its detector copied if it was fetched."""

import shutil
from pathlib import Path

import pytest

from models import build as making
from tag.embedded.files import DETECTOR_FILE
from tag.embedded.labeler import EmbeddedModel, load_model


@pytest.fixture(scope="session")
def classifier_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without a detector, made from the installed wheel."""
    folder = tmp_path_factory.mktemp("classifier")
    making.make_classifier(folder)
    return folder


@pytest.fixture(scope="session")
def classifier_only(classifier_folder: Path) -> EmbeddedModel:
    return load_model(classifier_folder)


@pytest.fixture(scope="session")
def model_folder(classifier_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole model."""
    detector = sorted(making.FOLDER.glob(f"{Path(DETECTOR_FILE).stem}.*"))
    if not detector:
        pytest.skip("the detector was not fetched: python -m models.build")
    folder = tmp_path_factory.mktemp("model")
    for file in [*classifier_folder.iterdir(), *detector]:
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="session")
def whole_model(model_folder: Path) -> EmbeddedModel:
    return load_model(model_folder)
