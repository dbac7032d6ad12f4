// Who may talk to whom, on a stock kernel: the same packets as on this machine's. There bridges are not looked at by
// iptables, and connection tracking of bridges exists: neither must make a difference.
import '../netns/ipspoofchk.test.ts'
import '../netns/securitygroups.test.ts'
