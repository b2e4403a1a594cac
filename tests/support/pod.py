# SPDX-License-Identifier: MIT
"""Reads the manifest of a Kubernetes pod for the test that runs it under Docker.

  pod.py check FILE             fails unless it is a Pod by the models of Debian's
                                python3-kubernetes, which are made from Kubernetes' own OpenAPI
                                description: the names and types of all fields, and which are
                                required. Words from a fixed list, and what only the API server
                                checks, are not checked.
  pod.py level FILE             prints the strictest Pod Security level that it fits: restricted,
                                baseline or privileged. These rules are written anew here, from the
                                Pod Security Standards.
  pod.py docker FILE DIRECTORY  prints the arguments of `docker run`, one per line, with volumes
                                made in DIRECTORY.

The last two know only some fields, and fail at any other: nothing in a manifest is silently left
out.
"""
import os
import re
import sys

import kubernetes.client
import yaml

SCALARS = {"str": str, "int": int, "bool": bool, "float": (int, float)}
BASELINE_CAPABILITIES = {
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"}
SAFE_SYSCTLS = {"net.ipv4.ip_unprivileged_port_start"}


class StrictLoader(yaml.SafeLoader):
    """Refuses a duplicate key, as Kubernetes does."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                sys.exit(f"{key}: twice")
        return super().construct_mapping(node, deep)


def check(value, kind, where):
    """Fails unless VALUE has the type KIND, as the models spell it; returns it as the models want
    it."""
    many = re.fullmatch(r"list\[(.*)\]|dict\(str, (.*)\)", kind)
    if many and many[1]:
        if not isinstance(value, list):
            sys.exit(f"{where}: not a list")
        return [check(item, many[1], f"{where}[{index}]") for index, item in enumerate(value)]
    if not many and kind in SCALARS:
        if not isinstance(value, SCALARS[kind]) or (isinstance(value, bool) and kind != "bool"):
            sys.exit(f"{where}: not of type {kind}: {value!r}")
        return value
    if not isinstance(value, dict):
        sys.exit(f"{where}: not a mapping")
    if many:
        return {key: check(item, many[2], f"{where}.{key}") for key, item in value.items()}
    model = getattr(kubernetes.client, kind)
    names = {name: attribute for attribute, name in model.attribute_map.items()}
    attributes = {}
    for name, item in value.items():
        if name not in names:
            sys.exit(f"{where}.{name}: {kind} has no such field")
        attributes[names[name]] = check(item, model.openapi_types[names[name]], f"{where}.{name}")
    try:
        return model(**attributes)
    except ValueError as error:
        sys.exit(f"{where}: {error}")


def only(mapping, *known):
    """The values of the KNOWN fields, in this order, or None for a missing one. Fails if there is
    any other field."""
    for name in mapping:
        if name not in known:
            sys.exit(f"{name}: this test does not know the field")
    return [mapping.get(name) for name in known]


class Pod:
    """The fields that both kinds of output use."""

    def __init__(self, manifest):
        _, _, metadata, spec = only(manifest, "apiVersion", "kind", "metadata", "spec")
        only(metadata, "name")
        context, containers, self.volumes, _ = only(
            spec, "securityContext", "containers", "volumes", "automountServiceAccountToken")
        [container] = containers
        _, ports, self.image, self.command, self.args, self.mounts, own = only(
            container, "name", "ports", "image", "command", "args", "volumeMounts",
            "securityContext")
        for port in ports:
            only(port, "containerPort")
        for volume in self.volumes or []:
            only(volume, "name", "secret")
        self.fs_group, self.sysctls, seccomp, self.user, self.group, self.non_root = only(
            context, "fsGroup", "sysctls", "seccompProfile", "runAsUser", "runAsGroup",
            "runAsNonRoot")
        self.escalation, self.read_only, capabilities = only(
            own, "allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities")
        self.drop, self.add = [names or [] for names in only(capabilities or {}, "drop", "add")]
        self.sysctls = {sysctl["name"]: sysctl["value"] for sysctl in self.sysctls or []}
        self.default_seccomp = (seccomp or {}).get("type") == "RuntimeDefault"
        if seccomp and not self.default_seccomp:
            sys.exit(f"{seccomp}: this test knows only RuntimeDefault")

    def level(self):
        """Fields that would matter but are not known here, such as hostNetwork, have been
        refused."""
        if not set(self.add) <= BASELINE_CAPABILITIES or not set(self.sysctls) <= SAFE_SYSCTLS:
            return "privileged"
        restricted = (self.non_root and self.user != 0 and self.escalation is False
                      and self.default_seccomp
                      and "ALL" in self.drop and set(self.add) <= {"NET_BIND_SERVICE"})
        return "restricted" if restricted else "baseline"

    def docker(self, directory):
        """Without a sysctl, low ports are privileged in a pod's network, as in containerd before
        2.0."""
        if self.non_root and not self.user:
            sys.exit("runAsNonRoot: Kubernetes would not start this")
        sysctls = {"net.ipv4.ip_unprivileged_port_start": "1024", **self.sysctls}
        words = ["--network=none"] + [f"--sysctl={name}={value}" for name, value in sysctls.items()]
        if self.user is not None:
            words.append(f"--user={self.user}" + ("" if self.group is None else f":{self.group}"))
        if self.escalation is False:
            words.append("--security-opt=no-new-privileges")
        if not self.default_seccomp:
            words.append("--security-opt=seccomp=unconfined")
        words += ["--read-only"] * bool(self.read_only)
        words += [f"--cap-drop={name}" for name in self.drop]
        words += [f"--cap-add={name}" for name in self.add]
        if self.fs_group is not None:
            words.append(f"--group-add={self.fs_group}")
        words += [self.volume(mount, directory) for mount in self.mounts or []]
        first, *rest = self.command
        return words + [f"--entrypoint={first}", self.image] + rest + self.args

    def volume(self, mount, directory):
        """A secret as the kubelet writes it: files of root, which the group of fsGroup may also
        read."""
        name, path, read_only = only(mount, "name", "mountPath", "readOnly")
        [secret] = [volume["secret"] for volume in self.volumes if volume["name"] == name]
        _, mode = only(secret, "secretName", "defaultMode")
        folder = os.path.join(directory, name)
        os.makedirs(folder, exist_ok=True)
        for key in ("tls.crt", "tls.key"):
            file = os.path.join(folder, key)
            with open(file, "w", encoding="ascii"):
                pass
            os.chown(file, 0, self.fs_group or 0)
            os.chmod(file, mode | (0o440 if self.fs_group else 0))
        return f"--volume={folder}:{path}" + (":ro" if read_only else "")


def main():
    """See above."""
    with open(sys.argv[2], encoding="utf-8") as file:
        manifest = yaml.load(file, StrictLoader)
    if sys.argv[1] == "check":
        if manifest.get("apiVersion") != "v1" or manifest.get("kind") != "Pod":
            sys.exit("not a Pod of v1")
        check(manifest, "V1Pod", "Pod")
    elif sys.argv[1] == "level":
        print(Pod(manifest).level())
    else:
        print("\n".join(Pod(manifest).docker(sys.argv[3])))


main()
