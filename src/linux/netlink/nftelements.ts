/** Single elements of nft sets and maps: looked at, added and deleted without reading the whole set, as nft(8) does. */

import type { ObservedElement } from '../../plan/observed.ts'
import { NetlinkError } from './errno.ts'
import {
  BATCH,
  batch,
  type Element,
  elements,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFT_DATA_VERDICT,
  NFT_MSG_DELSETELEM,
  NFT_MSG_GETSET,
  NFT_MSG_GETSETELEM,
  NFT_MSG_NEWSETELEM,
  NFT_SET_ELEM_CATCHALL,
  NFT_SET_INTERVAL,
  set,
} from './headers/nf_tables.ts'
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, type Request, request } from './message.ts'
import {
  decodeComment,
  decodeValue,
  decodeVerdict,
  encodeComment,
  encodeValue,
  encodeVerdict,
  typesOf,
} from './nftdata.ts'
import { ENOENT, ifThere, placeOf } from './nftplace.ts'
import type { Netlink } from './socket.ts'

/** How keys and values of one set are written. */
interface Form {
  readonly key: ReturnType<typeof typesOf> & {}
  /** Undefined for a set, which has no values. */
  readonly value?: ReturnType<typeof typesOf> | 'verdict'
}

/** The set has types, or ranges, that are not known here: nft(8) knows. */
export class UnknownForm extends Error {
  override readonly name = 'UnknownForm'
}

/** @returns undefined if there is no such set. @throws UnknownForm */
const formOf = (netlink: Netlink, tableName: string, setName: string): Form | undefined => {
  const { nfgen_family, table: NFTA_SET_TABLE } = placeOf(tableName)
  const found = ifThere(() =>
    netlink.get(request(NFT_MSG_GETSET, set, { nfgen_family, NFTA_SET_TABLE, NFTA_SET_NAME: setName })),
  )
  if (!found) return undefined
  const {
    NFTA_SET_FLAGS: flags = 0,
    NFTA_SET_KEY_TYPE: keys = 0,
    NFTA_SET_DATA_TYPE: values,
  } = set.decode(found)
  const key = typesOf(keys)
  const value = values === undefined ? undefined : values === NFT_DATA_VERDICT ? 'verdict' : typesOf(values)
  if (!key || (values !== undefined && !value) || flags & NFT_SET_INTERVAL)
    throw new UnknownForm(`the elements of the nft set ${setName} are of a form that is not known here`)
  return { key, value }
}

/** Which elements: of these keys as nft writes them, each found in the same time however many there are; or whose. */
export type Wanted = { readonly keys: readonly string[] } | { readonly comment: string }

/**
 * Elements of a set or map, with their comments and values.
 * @param wanted all elements without it
 * @returns keys as they were given; none if there is no such set
 * @throws UnknownForm, NetlinkError, TypeError for a key that is not of the set's type
 */
export const elementsOf = (
  netlink: Netlink,
  tableName: string,
  setName: string,
  wanted?: Wanted,
): (ObservedElement & { readonly value?: string })[] => {
  const form = formOf(netlink, tableName, setName)
  if (!form) return []
  const { nfgen_family, table: NFTA_SET_ELEM_LIST_TABLE } = placeOf(tableName)
  const place = { nfgen_family, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET: setName }
  const inBody = (body: Buffer) => elements.decode(body).NFTA_SET_ELEM_LIST_ELEMENTS?.NFTA_LIST_ELEM ?? []
  if (!wanted || 'comment' in wanted) {
    const said = wanted && encodeComment(wanted.comment)
    return (
      netlink
        .dump(request(NFT_MSG_GETSETELEM, elements, place))
        // One that is searched for is in one of many messages.
        .filter(body => !said || body.includes(said))
        .flatMap(inBody)
        .filter(({ NFTA_SET_ELEM_FLAGS: flags = 0 }) => !(flags & NFT_SET_ELEM_CATCHALL))
        .map(one => observed(form, one))
        .filter(({ comment }) => !wanted || comment === wanted.comment)
    )
  }
  return wanted.keys.flatMap(key => {
    const asked = {
      NFTA_LIST_ELEM: [{ NFTA_SET_ELEM_KEY: { NFTA_DATA_VALUE: encodeValue(form.key, key) } }],
    }
    const body = { ...place, NFTA_SET_ELEM_LIST_ELEMENTS: asked }
    const found = ifThere(() => netlink.get(request(NFT_MSG_GETSETELEM, elements, body)))
    return (found ? inBody(found) : []).map(one => ({ ...observed(form, one), key }))
  })
}

const observed = (form: Form, one: Element): ObservedElement & { value?: string } => {
  const { NFTA_SET_ELEM_KEY: key, NFTA_SET_ELEM_DATA: data, NFTA_SET_ELEM_USERDATA: said } = one
  const value =
    form.value === 'verdict'
      ? decodeVerdict(data ?? {})
      : form.value && decodeValue(form.value, data?.NFTA_DATA_VALUE ?? Buffer.alloc(0))
  return {
    key: decodeValue(form.key, key?.NFTA_DATA_VALUE ?? Buffer.alloc(0)),
    comment: said ? decodeComment(said) : '',
    ...(value === undefined ? {} : { value }),
  }
}

/** One line of nft(8); `create` refuses what is there. */
export interface ElementChange {
  readonly verb: 'add' | 'create' | 'delete'
  readonly table: string
  readonly set: string
  readonly key: string
  /** Of a map. */
  readonly value?: string
  /** At most 128 bytes. */
  readonly comment?: string
}

/** Makes all the changes, or none. @throws UnknownForm, TypeError; ElementFailure for the first that the kernel refused */
export const changeElements = (netlink: Netlink, changes: readonly ElementChange[]): void => {
  const forms = new Map<string, Form | undefined>()
  const begin = request(NFNL_MSG_BATCH_BEGIN, batch, BATCH)
  const end = request(NFNL_MSG_BATCH_END, batch, BATCH)
  const lines = changes.map((change, n) => {
    const where = `${change.table} ${change.set}`
    if (!forms.has(where)) forms.set(where, formOf(netlink, change.table, change.set))
    const form = forms.get(where)
    if (!form) throw new ElementFailure(n, new NetlinkError(ENOENT))
    return changeRequest(form, change, n === changes.length - 1 ? NLM_F_ACK : 0)
  })
  const acks = netlink.transact([begin, ...lines, end])
  const failed = acks.findIndex(({ errno }) => errno !== 0)
  if (failed < 0) return
  const { errno, words } = acks[failed]!
  throw new ElementFailure(
    Math.min(Math.max(failed - 1, 0), changes.length - 1),
    new NetlinkError(errno, words),
  )
}

/** A transaction that did not happen. */
export class ElementFailure extends Error {
  override readonly name = 'ElementFailure'

  /** @param index which of the changes it was */
  constructor(
    readonly index: number,
    override readonly cause: NetlinkError,
  ) {
    super(cause.message)
  }
}

const changeRequest = (
  form: Form,
  { verb, table, set, key, value, comment }: ElementChange,
  flags: number,
): Request => {
  const { nfgen_family, table: NFTA_SET_ELEM_LIST_TABLE } = placeOf(table)
  const data =
    value === undefined || !form.value
      ? undefined
      : form.value === 'verdict'
        ? encodeVerdict(value)
        : { NFTA_DATA_VALUE: encodeValue(form.value, value) }
  const element: Element = {
    NFTA_SET_ELEM_KEY: { NFTA_DATA_VALUE: encodeValue(form.key, key) },
    NFTA_SET_ELEM_DATA: data,
    NFTA_SET_ELEM_USERDATA: comment ? encodeComment(comment) : undefined,
  }
  const body = {
    nfgen_family,
    NFTA_SET_ELEM_LIST_TABLE,
    NFTA_SET_ELEM_LIST_SET: set,
    NFTA_SET_ELEM_LIST_ELEMENTS: { NFTA_LIST_ELEM: [element] },
  }
  switch (verb) {
    case 'add':
      return request(NFT_MSG_NEWSETELEM, elements, body, NLM_F_CREATE | flags)
    case 'create':
      return request(NFT_MSG_NEWSETELEM, elements, body, NLM_F_CREATE | NLM_F_EXCL | flags)
    case 'delete':
      return request(NFT_MSG_DELSETELEM, elements, body, flags)
  }
}
