#!/usr/bin/env bash
# Gets what `make hardware` needs beside Python: KiCad 9 or later, ngspice, OpenSCAD, Graphviz, Poppler, a virtual screen.
# On Debian as root it installs them, waits for another apt if there is one, and fails if it cannot. Elsewhere it says what
# is missing, and what needs it is skipped and says so.
set -euo pipefail
cd "$(dirname "$0")/.."

programs="kicad-cli ngspice openscad dot pdftoppm xvfb-run"
oldest=9 # of KiCad: an older one does not open the board
kicad="kicad kicad-symbols kicad-footprints"
packages="ngspice openscad graphviz poppler-utils xvfb xauth"
debian_shapes=/usr/share/kicad/3dmodels
shapes=build/hardware/3dmodels
log=build/hardware/tools.log
board=hardware/board/kitdock-tag.kicad_pcb

recent_kicad() { # whether `$1`, a version, is recent enough
    [[ "${1:-0}" =~ ^([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge "$oldest" ]
}

can_install() {
    command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] && grep -qx 'ID="\?debian"\?' /etc/os-release
}

missing=""
for program in $programs; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
if command -v kicad-cli >/dev/null && ! recent_kicad "$(kicad-cli version)"; then
    missing="$missing kicad-cli($oldest+)"
fi

if [ -n "$missing" ] && ! can_install; then
    echo "Missing:$missing. On Debian, as root: apt-get install $kicad $packages (KiCad from backports on Debian 12)"
    exit 0
fi

# Debian 12 has so recent a KiCad in its backports only. They are asked for this once; the machine's own list of sources
# stays as it is.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/sources"
release=""
pause=5
patience=600 # seconds to wait for an apt that holds the lock
apt_options=(-q -o "Dir::Etc::SourceParts=$scratch/sources" -o "DPkg::Lock::Timeout=$patience")
# apt waits by itself for the lock of dpkg, but not for that of the lists.
update() {
    local waited=0 said
    while ! said=$(apt-get "${apt_options[@]}" update 2>&1); do
        echo "$said"
        case "$said" in *"Could not get lock"*) ;; *) return 1 ;; esac
        [ "$waited" -lt "$patience" ] || return 1
        sleep "$pause"
        waited=$((waited + pause))
    done
    echo "$said"
}
prepare() {
    if [ -d /etc/apt/sources.list.d ]; then cp -r /etc/apt/sources.list.d/. "$scratch/sources"; fi
    update || return
    # Of the shapes, not of KiCad: that is recent as soon as it was installed from backports, whatever the sources have.
    candidate=$(apt-cache "${apt_options[@]}" policy kicad-packages3d | sed -n 's/ *Candidate: //p')
    if ! recent_kicad "$candidate"; then
        codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
        archive=$(apt-get "${apt_options[@]}" indextargets --format '$(REPO_URI) $(CODENAME)' "Created-By: Packages" |
            sed -n "s/ $codename\$//p" | sed -n 1p)
        printf 'Types: deb\nURIs: %s\nSuites: %s-backports\nComponents: main\nSigned-By: %s\n' "$archive" "$codename" \
            /usr/share/keyrings/debian-archive-keyring.gpg >"$scratch/sources/kitdock-backports.sources"
        release=/$codename-backports
        update || return
    fi
}

install_programs() {
    prepare && DEBIAN_FRONTEND=noninteractive apt-get "${apt_options[@]}" install -y --no-install-recommends \
        $(printf "%s$release " $kicad) $packages
}

if [ -n "$missing" ]; then
    mkdir -p "$(dirname "$log")"
    echo "Installing$missing (about 1 GB, once) ..."
    if ! install_programs >"$log" 2>&1; then
        tail -3 "$log"
        echo "Could not install$missing: see $log. To check what can be checked without: .venv/bin/python -m hardware"
        exit 1
    fi
fi

# The shapes of the parts that the board uses, for its pictures: a few files of a package of 5 GB.
wanted=$(sed -n 's/.*KICAD[0-9]*_3DMODEL_DIR}\/\([^"]*\)".*/\1/p' "$board" | sort -u)
has_shapes() { # whether the folder `$1` has all that are wanted
    for shape in $wanted; do
        [ -e "$1/$shape" ] || return
    done
}
fetch_shapes() {
    prepare && (cd "$scratch" && apt-get "${apt_options[@]}" download "kicad-packages3d$release") && mkdir "$scratch/3dmodels" &&
        dpkg-deb --fsys-tarfile "$scratch"/kicad-packages3d*.deb |
        tar -x -C "$scratch/3dmodels" --strip-components=5 $(printf ".$debian_shapes/%s " $wanted) &&
        rm -rf "$shapes" && mv "$scratch/3dmodels" "$shapes"
}
if ! has_shapes "$debian_shapes" && ! has_shapes "$shapes"; then
    if ! can_install; then
        echo "The shapes of parts for the board's pictures are missing: install kicad-packages3d"
        exit 0
    fi
    mkdir -p "$(dirname "$shapes")"
    echo "Fetching the shapes of $(wc -w <<<"$wanted") parts (330 MB, once) ..."
    if ! fetch_shapes >>"$log" 2>&1; then
        tail -3 "$log"
        echo "Could not fetch the shapes of parts: see $log"
        exit 1
    fi
fi
