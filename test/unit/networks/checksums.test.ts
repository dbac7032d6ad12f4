// Which cards and kernels are known to lose or break what a VXLAN carries, and what a configuration says against it.
import { describe, expect, test } from '@jest/globals'
import { parseConfig } from '../../../cni/config.ts'
import { checksumFault } from '../../../src/networks/checksums.ts'
import { fitted, type Underlay } from '../../../src/networks/mtu.ts'
import { vxlan } from '../../../src/networks/vxlan.ts'

describe('what is known', () => {
  test.each([
    ['virtio_net', '6.1.0-56-amd64', undefined],
    ['', '6.18.44', undefined],
    ['mlx5_core', '5.7.0', undefined],
    ['mlx5_core', '10.2.1', undefined],
    ['mlx5_core', '5.6.19-300.fc32', /Linux before 5\.7 .*5\.6\.19-300\.fc32/],
    ['mlx5_core', '4.18.0-553.el8', /before 5\.7/],
    ['mlx5_core', '3.10.0-1062.9.1.el7', /before 5\.7/],
    ['vmxnet3', '6.1.0', /^vmxnet3 /],
    ['vmxnet3', '4.9.0', /^vmxnet3 /],
  ])('%s on Linux %s', (driver, kernel, says) => {
    const fault = checksumFault({ drivers: driver ? ['e1000', driver] : [], kernel })
    if (says) expect(fault).toMatch(says)
    else expect(fault).toBeUndefined()
  })
})

describe('what is done', () => {
  const underlay: Underlay = {
    name: 'eth1',
    mac: '52:54:00:12:34:56',
    mtu: 1500,
    addresses: ['192.0.2.1'],
    drivers: ['virtio_net'],
    kernel: '6.1.0',
  }
  const vmware = { ...underlay, drivers: ['vmxnet3'] }
  const why = (txChecksum: boolean | undefined, on: Underlay) => {
    const text = { cniVersion: '1.1.0', name: 'n', mode: 'vxlan', vni: 5000, master: 'eth1', txChecksum }
    const conf = fitted(parseConfig(JSON.stringify(text)).net, on)
    const lease = { addresses: [], routes: [], dns: {} }
    return vxlan.shared(conf, lease).flatMap(one => (one.kind === 'offload' ? [`${one.dev} ${one.why}`] : []))
  }
  test('nothing, as long as nothing is known', () => expect(why(undefined, underlay)).toEqual([]))
  test('what is known', () =>
    expect(why(undefined, vmware)).toEqual([expect.stringMatching(/^vx5000 vmxnet3 loses/)]))
  test('what is asked for', () => expect(why(false, underlay)).toEqual(['vx5000 txChecksum: false']))
  test('what is asked for, against what is known', () => expect(why(true, vmware)).toEqual([]))
})
