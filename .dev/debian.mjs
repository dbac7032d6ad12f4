// What a Debian package says of itself: control, changelog, copyright, and of what lintian is to be silent.

/** deb-control(5). @param size of the files, in KiB */
export const control = ({ version, arch, maintainer, libc, size }) => `Package: vethwork
Version: ${version}
Architecture: ${arch}
Maintainer: ${maintainer}
Section: net
Priority: optional
Installed-Size: ${size}
Depends: libc6 (>= ${libc}), iproute2, nftables
Recommends: conntrack, ethtool
Suggests: containerd | podman
Description: container network plugin (CNI) that wires containers as Docker does
 A veth pair for each container into a bridge on the host, masqueraded, with
 published ports, rates and security groups; the same networks from host to
 host by VLAN, VXLAN or GRE. It finds all that it made by marks in the kernel,
 needs no daemon, and its command line shows, explains and repairs networks.
 .
 The plugin is in /usr/lib/cni. Nothing is started or configured by installing
 it, and networks that run stay as they are when it is replaced or removed.
`

/** deb-changelog(5), of the entries of CHANGELOG.md for this version or of what is not released yet. */
export const changelog = ({
  version,
  maintainer,
  date,
  entries,
}) => `vethwork (${version}) unstable; urgency=medium

${entries.map(entry => `  * ${folded(entry, 74).join('\n    ')}`).join('\n')}

 -- ${maintainer}  ${date}
`

/** Of CHANGELOG.md: the entries below its first heading of a version, without the words between. */
export const entriesOf = text => {
  const [, section = ''] = text.split(/^## .*$/m)
  return section
    .split(/^- /m)
    .slice(1)
    .map(entry => entry.split('\n\n')[0].trim().replace(/\s+/g, ' '))
}

const folded = (text, width) =>
  text.match(new RegExp(`.{1,${width}}(?: |$)|\\S+`, 'g')).map(line => line.trimEnd())

/** https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/ */
export const copyright = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: vethwork

Files: *
Copyright: 2026 the authors of vethwork
License: Apache-2.0
 On Debian systems the full text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0.

Files: usr/lib/cni/vethwork
Copyright: 2026 the authors of vethwork; 2021-2026 Oven (the Bun runtime),
 1999-2026 Apple Inc. and others (JavaScriptCore); 2017-2021 Fabrice Bellard,
 2017-2021 Charlie Gordon (QuickJS)
License: Apache-2.0 and MIT and LGPL-2+
 The executable holds QuickJS (MIT), the Bun runtime (MIT), which is linked
 with JavaScriptCore (LGPL-2+), and the npm packages named in its sources (MIT,
 ISC). On Debian systems the text of the LGPL is in
 /usr/share/common-licenses/LGPL-2.
 .
 MIT: Permission is hereby granted, free of charge, to any person obtaining a
 copy of this software and associated documentation files (the "Software"),
 to deal in the Software without restriction, including without limitation
 the rights to use, copy, modify, merge, publish, distribute, sublicense,
 and/or sell copies of the Software, and to permit persons to whom the
 Software is furnished to do so, subject to the following conditions: The
 above copyright notice and this permission notice shall be included in all
 copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS
 IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
 LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR
 PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT
 HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN
 ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION
 WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`

/** The executable carries its program behind its own end: strip(1) would cut it off. */
export const overrides = `vethwork: unstripped-binary-or-object [usr/lib/cni/vethwork]
# As Bun makes it.
vethwork: hardening-no-pie [usr/lib/cni/vethwork]
vethwork: hardening-no-relro [usr/lib/cni/vethwork]
# Libraries inside of the runtime that it was compiled with.
vethwork: embedded-library *
`

export const readme = `vethwork for Debian
-------------------

The plugin is /usr/lib/cni/vethwork, where Debian's containerd, CRI-O and podman
look. Kubernetes and containerd from elsewhere look in /opt/cni/bin, in which no
package may put anything; a link does:

    mkdir -p /opt/cni/bin
    ln -s /usr/lib/cni/vethwork /usr/lib/cni/vethwork-ipam /opt/cni/bin/

No network is configured. A first one:

    vethwork conf new --name web --mode nat --subnet 10.22.0.0/24 \\
      -o /etc/cni/net.d/10-web.conflist

To take other plugins' places see vethwork(8), install.
`
