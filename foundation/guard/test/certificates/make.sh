#!/bin/sh
# Makes the certificates of the tests with OpenSSL; they are kept, so that tests need no OpenSSL.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/ca.key" -out ca.pem -days 36500 \
  -subj "/CN=Watchkeeper test authority" 2> /dev/null
: > "$work/index.txt"
cat > "$work/ca.cnf" << END
[ca]
default_ca = own
[own]
database = $work/index.txt
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
END
leaf() { # name, subject alternative name, start, end
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$work/$1.csr" -subj "/CN=$1" \
    -addext "subjectAltName=$2" 2> /dev/null
  openssl ca -batch -notext -config "$work/ca.cnf" -cert ca.pem -keyfile "$work/ca.key" -in "$work/$1.csr" -out "$1.pem" \
    -startdate "$3" -enddate "$4" 2> /dev/null
}
leaf good 'DNS:localhost,IP:127.0.0.1' 20200101000000Z 21200101000000Z
leaf expired 'DNS:localhost,IP:127.0.0.1' 20200101000000Z 20210101000000Z
leaf future 'DNS:localhost,IP:127.0.0.1' 21000101000000Z 21200101000000Z
leaf elsewhere 'DNS:elsewhere.example' 20200101000000Z 21200101000000Z
