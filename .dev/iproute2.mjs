// Of the project `iproute2`: the tests of `netns` once more, by programs instead of netlink.
process.env.VETHWORK_NETLINK = 'iproute2'
