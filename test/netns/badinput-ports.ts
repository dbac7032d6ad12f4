// Ports, and text that nft or a shell might read, that an ADD must refuse: as a runtime asks for them.
import type { Case } from './badinput-cases.ts'

const port = (mapping: object, n = 0) => ({
  config: {
    runtimeConfig: {
      portMappings: [...Array.from({ length: n }, () => ({ hostPort: 81, containerPort: 81 })), mapping],
    },
  },
  code: 7,
})
const rule = (fields: object) => ({ config: { securityGroups: { web: [fields] } }, code: 7 })
const asked = (securityGroups: unknown) => ({
  config: { securityGroups: { web: [] }, runtimeConfig: { securityGroups } },
  code: 7,
})

export const ports: Readonly<Record<string, Case>> = {
  'containerPort 0': {
    ...port({ hostPort: 8080, containerPort: 0 }),
    says: /portMappings\[0\]\.containerPort: 0 must be a whole number from 1 to 65535/,
  },
  'containerPort 0, as containerd writes it': {
    ...port({ HostPort: 8080, ContainerPort: 0, Protocol: 'TCP', HostIP: '' }),
    says: /portMappings\[0\]\.containerPort: 0 must be/,
  },
  'containerPort 0 of what is not published': {
    ...port({ hostPort: 0, containerPort: 0 }),
    says: /portMappings\[0\]\.containerPort: 0 must be/,
  },
  'no containerPort': {
    ...port({ hostPort: 8080 }, 1),
    says: /portMappings\[1\]\.containerPort: is missing/,
  },
  'containerPort 65536': {
    ...port({ hostPort: 8080, containerPort: 65536 }),
    says: /portMappings\[0\]\.containerPort: 65536 must be a whole number from 1 to 65535/,
  },
  'hostPort 65536': {
    ...port({ hostPort: 65536, containerPort: 80 }, 1),
    says: /portMappings\[1\]\.hostPort: 65536 must be a whole number from 0 to 65535/,
  },
  'hostPort -1': {
    ...port({ hostPort: -1, containerPort: 80 }),
    says: /portMappings\[0\]\.hostPort: -1 must be/,
  },
  'a hostPort in text': {
    ...port({ hostPort: '8080', containerPort: 80 }),
    says: /portMappings\[0\]\.hostPort: "8080" must be a number/,
  },
  'an unknown protocol': {
    ...port({ hostPort: 8080, containerPort: 80, protocol: 'icmp' }),
    says: /portMappings\[0\]\.protocol: "icmp" must be one of tcp, udp, sctp/,
  },
  'a protocol that nft would read': {
    ...port({ hostPort: 8080, containerPort: 80, protocol: 'tcp; flush ruleset' }),
    says: /portMappings\[0\]\.protocol: "tcp; flush ruleset" must be one of/,
  },
  'a hostIP that a shell would read': {
    ...port({ hostPort: 8080, containerPort: 80, hostIP: '$(reboot)' }),
    says: /portMappings\[0\]\.hostIP: "\$\(reboot\)" is not an IP address/,
  },
  'a hostIP with a quote': {
    ...port({ hostPort: 8080, containerPort: 80, hostIP: '127.0.0.1" }' }),
    says: /portMappings\[0\]\.hostIP: "127\.0\.0\.1\\" \}" is not an IP address/,
  },
  'an IPv6 hostIP for a container without IPv6': {
    ...port({ hostPort: 8080, containerPort: 80, hostIP: '2001:db8::99' }),
    says: /hostIP 2001:db8::99 is IPv6, and the container has no such address/,
  },
  'a remote with a quote': {
    ...rule({ remote: '192.0.2.1"; flush ruleset' }),
    says: /securityGroups\.web\[0\]\.remote: "192\.0\.2\.1\\"; flush ruleset"/,
  },
  'ports with a semicolon': {
    ...rule({ protocol: 'tcp', ports: '80; accept' }),
    says: /securityGroups\.web\[0\]\.ports: "80; accept" must be/,
  },
  'a protocol with a quote': {
    ...rule({ protocol: 'tcp" accept' }),
    says: /securityGroups\.web\[0\]\.protocol: "tcp\\" accept" must be one of/,
  },
  'a remote group with a semicolon': {
    ...rule({ remoteGroup: 'web; flush ruleset' }),
    says: /securityGroups\.web\[0\]\.remoteGroup: "web; flush ruleset" is no group/,
  },
  'a group with a quote, asked for': {
    ...asked(['we"b']),
    says: /runtimeConfig\.securityGroups: "we\\"b" is no group of this network/,
    advises: /there are web/,
  },
  'a group with a quote, in CNI_ARGS': {
    ...asked(undefined),
    call: { args: 'SECURITY_GROUPS=we"b' },
    says: /CNI_ARGS SECURITY_GROUPS: "we\\"b" is no group/,
  },
  'a condition with a quote': {
    config: { conditionsV6: ['-d', '2001:db8::1"'] },
    code: 7,
    says: /conditionsV6: .*2001:db8::1\\?"/,
  },
  'a kernel parameter that nft or a shell would read': {
    config: { sysctl: { 'net.ipv4.$(reboot)': '1' } },
    code: 7,
    says: /sysctl: "net\.ipv4\.\$\(reboot\)" is no name of a kernel parameter/,
  },
}
