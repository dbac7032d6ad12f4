// Tests of packets and clocks have one more try: the machine may have been busy with something else. What went wrong the
// first time is printed, and the sum says which tests needed it: who is named there often has a fault.
import { beforeEach, jest } from '@jest/globals'
import { countAnew } from '../test/helpers/ids.ts'

jest.retryTimes(1, { logErrorsBeforeRetry: true })
beforeEach(countAnew)
