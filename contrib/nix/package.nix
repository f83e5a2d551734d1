# SPDX-License-Identifier: GPL-2.0-or-later
# For Nix: pkgs.callPackage ./package.nix { }
{
  lib,
  stdenv,
  autoreconfHook,
  pkg-config,
  e2fsprogs,
  json_c,
  libnbd,
  libseccomp,
  util-linux,
  jq,
  python3,
}:

stdenv.mkDerivation {
  pname = "e4zero";
  version = "0.1.0";
  src = lib.cleanSource ../..;

  # compile_et is among the programs of e2fsprogs, or among its scripts, where these are an output of their own
  nativeBuildInputs = [
    autoreconfHook
    pkg-config
    (lib.getBin e2fsprogs)
    (lib.getOutput "scripts" e2fsprogs)
  ];
  buildInputs = [
    json_c
    libnbd
  ];
  # e4zero.pc names them
  propagatedBuildInputs = [
    e2fsprogs
    libseccomp
    util-linux
  ];
  nativeCheckInputs = [
    e2fsprogs
    jq
    python3
  ];

  configureFlags = [ "--disable-werror" ];
  enableParallelBuilding = true;
  doCheck = true;
  checkFlags = [ "TESTS=$(package_tests)" ];
  # libnbd is loaded by its name, when an image is on an NBD server
  postFixup = ''
    patchelf --add-rpath ${lib.getLib libnbd}/lib $out/bin/e4zero $out/lib/libe4zero.so.0.0.0
  '';

  meta = {
    description = "Scrub stale data in unmounted ext2/3/4 images, edit their files";
    license = lib.licenses.gpl2Plus;
    platforms = lib.platforms.linux;
    mainProgram = "e4zero";
  };
}
