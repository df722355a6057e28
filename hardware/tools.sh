#!/usr/bin/env bash
# Gets what `make hardware` needs beside Python: KiCad 8 or later, ngspice, OpenSCAD, Graphviz, Poppler, a virtual screen.
# On Debian as root it installs them; elsewhere it says what is missing, and what needs it is skipped and says so.
set -euo pipefail
cd "$(dirname "$0")/.."

programs="kicad-cli ngspice openscad dot pdftoppm xvfb-run"
kicad="kicad kicad-symbols kicad-footprints"
packages="ngspice openscad graphviz poppler-utils xvfb xauth"
models=build/hardware/3dmodels
board=hardware/board/kitdock-tag.kicad_pcb

recent_kicad() { # whether `$1`, a version, is 8 or later
    [[ "${1:-0}" =~ ^([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 8 ]
}

missing=""
for program in $programs; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
if command -v kicad-cli >/dev/null && ! recent_kicad "$(kicad-cli version)"; then
    missing="$missing kicad-cli(8+)"
fi

can_install() { command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; }

if [ -n "$missing" ] && ! can_install; then
    echo "Missing:$missing. On Debian, as root: apt-get install $kicad $packages (KiCad from backports on Debian 12)"
    exit 0
fi

# Debian 12 has KiCad 8 or later in its backports only. They are asked for this once; the machine's own list of sources
# stays as it is.
sources=$(mktemp -d)
trap 'rm -rf "$sources"' EXIT
release=""
apt_options=(-q -o "Dir::Etc::SourceParts=$sources")
prepare() {
    [ -d /etc/apt/sources.list.d ] && cp -r /etc/apt/sources.list.d/. "$sources"
    apt-get "${apt_options[@]}" update
    candidate=$(apt-cache "${apt_options[@]}" policy kicad | sed -n 's/ *Candidate: //p')
    if ! recent_kicad "$candidate"; then
        codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
        archive=$(apt-get "${apt_options[@]}" indextargets --format '$(REPO_URI) $(CODENAME)' "Created-By: Packages" |
            sed -n "s/ $codename\$//p" | head -1)
        printf 'Types: deb\nURIs: %s\nSuites: %s-backports\nComponents: main\nSigned-By: %s\n' "$archive" "$codename" \
            /usr/share/keyrings/debian-archive-keyring.gpg >"$sources/kitdock-backports.sources"
        apt-get "${apt_options[@]}" update
        release=/$codename-backports
    fi
}

log=build/hardware/tools.log
mkdir -p "$models"
if [ -n "$missing" ]; then
    echo "Installing$missing (about 1 GB, once) ..."
    if ! { prepare && DEBIAN_FRONTEND=noninteractive apt-get "${apt_options[@]}" install -y --no-install-recommends $(printf "%s$release " $kicad) $packages; } >"$log" 2>&1; then
        tail -3 "$log"
        echo "Could not install$missing: what needs them is skipped"
        exit 0
    fi
fi

# The shapes of the parts that the board uses, for its pictures: a few files of a package of 5 GB.
wanted=$(grep -o 'KICAD[0-9]*_3DMODEL_DIR}/[^"]*' "$board" 2>/dev/null | cut -d/ -f2- | sort -u)
lacking=""
for model in $wanted; do
    [ -e "$models/$model" ] || [ -e "/usr/share/kicad/3dmodels/$model" ] || lacking="$lacking ./usr/share/kicad/3dmodels/$model"
done
if [ -n "$lacking" ]; then
    if ! can_install; then
        echo "No shapes of parts for the board's pictures: install kicad-packages3d to have them"
        exit 0
    fi
    echo "Fetching the shapes of $(wc -w <<<"$lacking") parts (330 MB, once) ..."
    [ -e "$sources/kitdock-backports.sources" ] || prepare >>"$log" 2>&1
    if ! { (cd "$sources" && apt-get "${apt_options[@]}" download "kicad-packages3d$release") &&
        dpkg-deb --fsys-tarfile "$sources"/kicad-packages3d*.deb |
        tar -x -C "$models" --strip-components=5 $lacking; } >>"$log" 2>&1; then
        tail -3 "$log"
        echo "Could not fetch the shapes of parts: the board's pictures show bare pads"
    fi
fi
