"""The way into a cluster: manifests as Kubernetes' own schemas want them, the configurations in them, the image."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from ossmend.config.load import load
from tests.packaging.conftest import ROOT, Packages

MANIFESTS = sorted((ROOT / "packaging/kubernetes").glob("*.yaml"))
CONTAINERFILE = ROOT / "packaging/Containerfile"
KUBERNETES = ("1.30", "1.37")
"""The oldest and the newest whose schemas are asked."""


def documents(manifest: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(manifest.read_text(encoding="utf-8")))


def pod(manifest: Path) -> dict[str, Any]:
    (found,) = [each for each in documents(manifest) if "template" in each.get("spec", {})]
    spec: dict[str, Any] = found["spec"]["template"]["spec"]
    return spec


def container(manifest: Path) -> dict[str, Any]:
    (found,) = [each for each in pod(manifest)["containers"] if each["name"] == "ossmend"]
    return dict(found)


def test_there_is_one_for_each_way_to_read() -> None:
    assert [path.stem for path in MANIFESTS] == ["daemonset", "deployment", "sidecar"]


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_the_schemas_of_kubernetes_have_nothing_to_complain_of(manifest: Path, version: str) -> None:
    validator = pytest.importorskip("kubernetes_validate", reason="the schemas come with the package tools")
    for document in documents(manifest):
        validator.validate(document, version, strict=True)


def test_a_manifest_that_is_wrong_is_seen() -> None:
    validator = pytest.importorskip("kubernetes_validate", reason="the schemas come with the package tools")
    wrong = documents(MANIFESTS[0])[1]
    wrong["spec"]["template"]["spec"]["containers"][0]["volumeMount"] = []
    with pytest.raises(validator.ValidationError):
        validator.validate(wrong, KUBERNETES[1], strict=True)


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_the_configuration_in_it_is_one(manifest: Path, tmp_path: Path) -> None:
    (config,) = [each for each in documents(manifest) if each["kind"] == "ConfigMap"]
    path = tmp_path / "ossmend.yaml"
    path.write_text(config["data"]["ossmend.yaml"], encoding="utf-8")
    assert load(path).mode == "dry-run"
    assert "UserDisable" in {code for policy in load(path).policies for code in policy.on}, "or no right to see its end"
    volumes = {volume["name"]: volume for volume in pod(manifest)["volumes"]}
    assert volumes["config"]["configMap"]["name"] == config["metadata"]["name"]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_a_changed_config_map_reaches_the_daemon(manifest: Path) -> None:
    ours = container(manifest)
    mounts = {mount["mountPath"]: mount for mount in ours["volumeMounts"]}
    assert "--watch-config" in ours["args"]
    assert ours["args"][ours["args"].index("--config") + 1] == "/etc/ossmend/ossmend.yaml"
    assert "subPath" not in mounts["/etc/ossmend"]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_it_has_no_more_rights_than_it_needs(manifest: Path) -> None:
    rights = container(manifest)["securityContext"]
    assert rights["readOnlyRootFilesystem"] is True
    assert rights["allowPrivilegeEscalation"] is False
    assert rights["capabilities"] == {"drop": ["ALL"]}


def instructions() -> list[tuple[str, str]]:
    """(word, the rest) of each instruction of the Containerfile."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", CONTAINERFILE.read_text(encoding="utf-8")))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines())]


def test_the_image_runs_as_a_number_and_as_the_manifests_think() -> None:
    told = dict(instructions())
    assert [word for word, _ in instructions()] == ["FROM", "COPY", "RUN", "USER", "VOLUME", "ENTRYPOINT", "CMD"]
    assert told["USER"] == "65532:65532"
    for manifest in MANIFESTS:
        user = {**pod(manifest).get("securityContext", {}), **container(manifest)["securityContext"]}["runAsUser"]
        assert user in (0, 65532)
        assert yaml.safe_load(told["CMD"]) == container(manifest)["args"]


@pytest.mark.machine
@pytest.mark.xdist_group("packages")
def test_the_image_is_made_of_files_that_are_made(packages: Packages) -> None:
    (source, _) = dict(instructions())["COPY"].split()
    assert [path.name for path in packages.deb.parent.iterdir() if fnmatch(path.name, source)] == [packages.deb.name]
