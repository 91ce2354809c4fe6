#!/bin/sh
# Installs what is missing to build and run (`run`) or to test (`test`) on Debian and its kin. Where it may not install,
# it prints the exact command and stops with 1. When nothing is missing it says nothing and is done in a blink.
set -eu

usage() {
    echo "usage: scripts/setup.sh run|test" >&2
    exit 2
}

[ $# -eq 1 ] || usage
purpose=$1
case $purpose in run | test) ;; *) usage ;; esac

has() { command -v "$1" >/dev/null 2>&1; }

say() { # Chinese first, then English.
    printf '%s\n%s\n' "$1" "$2" >&2
}

# The newest PostgreSQL server of 15 or later; sets pg_major, and pg_ready when PostGIS is beside it.
look_for_postgresql() {
    pg_major=
    pg_ready=
    for bin in "${JINGTU_PG_BIN:-/nowhere}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin \
        /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
        [ -x "$bin/postgres" ] || continue
        major=$("$bin/postgres" --version | sed -n 's/^.*(PostgreSQL) \([0-9]*\).*$/\1/p')
        [ "${major:-0}" -ge 15 ] || continue
        if [ -x "$bin/pg_config" ]; then
            share=$("$bin/pg_config" --sharedir)
        else
            share=/usr/share/postgresql/$major
        fi
        if [ -e "$share/extension/postgis.control" ]; then
            pg_major=$major
            pg_ready=yes
        elif [ -z "$pg_ready" ]; then
            pg_major=$major
        fi
    done
}

node_is_new_enough() {
    has node && has npm || return 1
    version=$(node --version) # v20.11.0
    version=${version#v}
    [ "${version%%.*}" -ge 18 ] 2>/dev/null
}

# The places that the server looks in; a font elsewhere is named in the setting cjk_font.
has_chinese_font() {
    [ -z "${JINGTU_CJK_FONT:-}" ] || return 0
    for folder in /usr/share/fonts /usr/local/share/fonts; do
        for font in "$folder"/opentype/noto/NotoS*CJK-Regular.ttc "$folder"/noto-cjk/NotoS*CJK-Regular.ttc \
            "$folder"/google-noto-s*-cjk-fonts/NotoS*CJK-Regular.ttc "$folder"/truetype/wqy/wqy-microhei.ttc; do
            [ -e "$font" ] && return 0
        done
    done
    return 1
}

# The packages that are missing, in `packages`.
look() {
    packages=
    look_for_postgresql
    if [ -z "$pg_ready" ]; then
        if [ -n "$pg_major" ]; then
            packages="$packages postgresql-$pg_major-postgis-3"
        else
            # This package follows the release: PostgreSQL 15 on Debian 12, 17 on Debian 13. PROJ comes with it.
            packages="$packages postgresql-postgis"
        fi
    fi
    node_is_new_enough || packages="$packages nodejs npm"
    has cc || packages="$packages build-essential"
    # npm and the page's tests speak https.
    [ -e /etc/ssl/certs/ca-certificates.crt ] || [ ! -e /etc/debian_version ] || packages="$packages ca-certificates"
    # Notices are written as PDF with it.
    has_chinese_font || packages="$packages fonts-noto-cjk"
    if [ "$purpose" = test ]; then
        has chromium || packages="$packages chromium"
        has ogrinfo || packages="$packages gdal-bin"
        has pdftotext || packages="$packages poppler-utils"
    fi
    packages=${packages# }
}

# Never installed here: which Rust a machine has is its owner's choice. Asked first, because without it the rest is vain.
check_rust() {
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    if ! has cargo; then
        say "未找到 Rust 工具链（cargo）。请按 https://rustup.rs 安装 Rust $wanted 或更高版本，然后重新打开终端再试。" \
            "No Rust toolchain (cargo). Install Rust $wanted or newer as https://rustup.rs says, open a new terminal, and try again."
        return 1
    fi
    version=$(cargo --version) # cargo 1.95.0 (...)
    version=${version#cargo }
    version=${version%% *}
    oldest=$(printf '%s\n%s\n' "$wanted" "$version" | sort -V | head -n 1)
    if [ "$oldest" != "$wanted" ]; then
        say "Rust 版本为 $version，至少需要 $wanted。请执行：rustup update stable" \
            "Rust is version $version; $wanted or newer is needed. Run: rustup update stable"
        return 1
    fi
}

cd "$(dirname "$0")/.."
check_rust
look
if [ -n "$packages" ]; then
    install="apt-get install -y --no-install-recommends $packages"
    if ! has apt-get; then
        say "缺少（按 Debian 的软件包名称）：$packages。本系统没有 apt，请用系统自己的方式安装：PostgreSQL 15+ 与 PostGIS 3、Node 18+、Noto CJK 字体。" \
            "Missing (as Debian names the packages): $packages. There is no apt here: install PostgreSQL 15+ with PostGIS 3, Node 18+, and the Noto CJK fonts, in this system's own way."
        exit 1
    elif [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif has sudo && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        say "缺少软件包，且当前用户无权安装。请执行：" "Packages are missing, and this user may not install them. Run:"
        if has sudo; then
            echo "  sudo apt-get update && sudo $install" >&2
        else
            echo "  su -c 'apt-get update && $install'" >&2
        fi
        exit 1
    fi
    say "正在安装：$packages" "Installing: $packages"
    apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300"
    # shellcheck disable=SC2086 # words, not one word
    $apt update
    # shellcheck disable=SC2086
    $apt install -y --no-install-recommends $packages
    look
    if [ -n "$packages" ]; then
        say "安装后仍缺少：$packages。本系统的软件包可能过旧；需要 PostgreSQL 15+ 与 PostGIS 3、Node 18+（Debian 12 或更新）。" \
            "Still missing after the installation: $packages. The packages of this system may be too old; needed are PostgreSQL 15+ with PostGIS 3, and Node 18+ (Debian 12 or newer)."
        exit 1
    fi
fi
