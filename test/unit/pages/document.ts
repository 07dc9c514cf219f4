/** Reads a page as a browser would, by the parsing rules of the HTML standard. */
import { type DefaultTreeAdapterTypes, parse } from 'parse5'

export type Element = DefaultTreeAdapterTypes.Element

type Node = DefaultTreeAdapterTypes.Node

const childrenOf = (node: Node): Node[] => ('childNodes' in node ? node.childNodes : [])

const isElement = (node: Node): node is Element => 'tagName' in node

const descendants = (node: Node): Element[] =>
  childrenOf(node).flatMap((child) => [...(isElement(child) ? [child] : []), ...descendants(child)])

export const elementsOf = (html: string): Element[] => descendants(parse(html))

/** The names of what the parser objects to. */
export const parseErrorsOf = (html: string): string[] => {
  const errors: string[] = []
  parse(html, { onParseError: (error) => errors.push(error.code) })
  return errors
}

export const textOf = (node: Node): string => ('value' in node ? node.value : childrenOf(node).map(textOf).join(''))

export const attribute = (element: Element, name: string): string | undefined =>
  element.attrs.find((attr) => attr.name === name)?.value

export const byId = (html: string, id: string): Element | undefined =>
  elementsOf(html).find((element) => attribute(element, 'id') === id)
