/** Reasons of events and container states, as kubelets write them. */
export const reasons = {
  // containers
  created: 'Created',
  started: 'Started',
  failed: 'Failed',
  killing: 'Killing',
  backOff: 'BackOff',
  unhealthy: 'Unhealthy',
  probeWarning: 'ProbeWarning',
  failedPostStartHook: 'FailedPostStartHook',
  failedPreStopHook: 'FailedPreStopHook',
  // images
  pulling: 'Pulling',
  pulled: 'Pulled',
  inspectFailed: 'InspectFailed',
  errImagePull: 'ErrImagePull',
  imagePullBackOff: 'ImagePullBackOff',
  errImageNeverPull: 'ErrImageNeverPull',
  invalidImageName: 'InvalidImageName',
  failedToRetrieveImagePullSecret: 'FailedToRetrieveImagePullSecret',
  // pods
  failedCreatePodSandbox: 'FailedCreatePodSandBox',
  failedMount: 'FailedMount',
  deadlineExceeded: 'DeadlineExceeded',
  // waiting states
  containerCreating: 'ContainerCreating',
  podInitializing: 'PodInitializing',
  crashLoopBackOff: 'CrashLoopBackOff',
  createContainerConfigError: 'CreateContainerConfigError',
  createContainerError: 'CreateContainerError',
  runContainerError: 'RunContainerError',
  postStartHookError: 'PostStartHookError',
  // terminated states
  completed: 'Completed',
  error: 'Error',
  oomKilled: 'OOMKilled',
  startError: 'StartError',
  // resize
  resizeStarted: 'ResizeStarted',
  resizeCompleted: 'ResizeCompleted',
  resizeError: 'ResizeError',
  resizeDeferred: 'ResizeDeferred',
  resizeInfeasible: 'ResizeInfeasible',
  // nodes
  starting: 'Starting',
  nodeAllocatableEnforced: 'NodeAllocatableEnforced',
  nodeReady: 'NodeReady',
  nodeSchedulable: 'NodeSchedulable',
  nodeNotSchedulable: 'NodeNotSchedulable',
  nodeHasSufficientMemory: 'NodeHasSufficientMemory',
  nodeHasNoDiskPressure: 'NodeHasNoDiskPressure',
  nodeHasSufficientPid: 'NodeHasSufficientPID',
} as const;
