/** What `kubectl explain` says of the fields that every custom object has, in words of ours. */
export const metadataDescriptions = {
  object: {
    apiVersion: 'APIVersion defines in which group and version this object is written.',
    kind: 'Kind names the type of this object.',
    metadata: "Standard object's metadata.",
    listMetadata: "Standard list's metadata.",
  },
  objectMeta: 'What every stored object has: its name, its labels, and what the server keeps of it.',
  fields: {
    annotations: 'Annotations are for tools: any text under a key, not looked at by the server.',
    creationTimestamp: 'CreationTimestamp is a timestamp of the moment at which the server made the object.',
    deletionGracePeriodSeconds: 'Seconds that the object is given to end by itself.',
    deletionTimestamp: 'DeletionTimestamp is the moment at which the object is to be gone.',
    finalizers: 'Who still has to agree before the object is removed.',
    generateName: 'The beginning of the name, where the server makes its end.',
    generation: 'Counts the changes of what is asked for.',
    labels: 'Labels are what objects are selected by.',
    managedFields: 'Who has set which fields.',
    name: 'Name of the object, unique among those of its kind in its namespace.',
    namespace: 'The namespace that the object is in.',
    ownerReferences: 'The objects without which this one is removed.',
    resourceVersion: 'The version of the object as it is stored.',
    uid: 'UID tells this object from another one of the same name.',
  },
} as const;
