/** What is read of a SavedModel's protocol buffers: TensorFlow's saved_object_graph, trackable_object_graph and tensor_bundle. */
import { int64, nested, nestedList, string } from '../../protobuf/fields.ts';
import { message } from '../../protobuf/message.ts';

const userObject = message({ identifier: string(1), metadata: string(3) });
const savedObject = message({ userObject: nested(4, userObject) });
const savedObjectGraph = message({ nodes: nestedList(1, savedObject) });
const metaGraph = message({ objectGraph: nested(7, savedObjectGraph) });
/** saved_model.pb */
export const savedModel = message({ metaGraphs: nestedList(2, metaGraph) });

const kerasNode = message({ id: int64(2), identifier: string(4), metadata: string(5) });
/** keras_metadata.pb */
export const kerasMetadata = message({ nodes: nestedList(1, kerasNode) });

const child = message({ node: int64(1), localName: string(2) });
const attribute = message({ checkpointKey: string(3) });
const trackableObject = message({ children: nestedList(1, child), attributes: nestedList(2, attribute) });
/** The tensor `_CHECKPOINTABLE_OBJECT_GRAPH` of a checkpoint. */
export const trackableObjectGraph = message({ nodes: nestedList(1, trackableObject) });

/** The entry of the empty key in a checkpoint's index. */
export const bundleHeader = message({ shards: int64(1) });

const dimension = message({ size: int64(1) });
const shape = message({ dimensions: nestedList(2, dimension) });
/** An entry of a checkpoint's index. */
export const bundleEntry = message({ type: int64(1), shape: nested(2, shape), shard: int64(3), offset: int64(4), size: int64(5) });
