"""The text of the rules, id by id: each is a function here, or is listed as not checked with a reason."""

import pytest

from rules import RULES
from storagebench.edition import edition_names, load_edition

LISTED = """
1.1 mlpstorageGeneratesHierarchy
1.2 storageBackendEnvVarDeclaration
1.3 runResultSubmission
2.1.1 submitterRootDirectory
2.1.2 topLevelSubdirectories
2.1.3 openMatchesClosed
2.1.4 closedSubmitterDirectory
2.1.5 requiredSubdirectories
2.1.6 codeDirectoryContents
2.1.7 systemsDirectoryFiles
2.1.8 resultsDirectorySystems
2.1.9 identicalSystemConfig
2.1.10 workloadCategories
2.1.11 trainingWorkloads
2.1.12 trainingPhases
2.1.13 datagenTimestamp
2.1.14 datagenFiles
2.1.15 datagenDlioConfig
2.1.20 runDlioConfig
2.1.26 checkpointingDlioConfig
2.1.16 runResultsJson
2.1.17 runTimestamps
2.1.18 runTimestampGap
2.1.18a runPickingSubsets
2.1.19 runFiles
2.1.21 checkpointingWorkloads
2.1.22 checkpointingResultsJson
2.1.23 checkpointingTimestamps
2.1.24 checkpointingTimestampGap
2.1.24a checkpointingPickingSubsets
2.1.25 checkpointingFiles
2.1.27 directoryDiagram
2.29 dlioLog
3.1.1 trainingVerifyDatasizeUsage
3.1.2 trainingRecalculateDatasetSize
3.2.1 trainingDatagenMinimumSize
3.3.1 trainingRunDataMatchesDatasize
3.3.2 trainingAcceleratorUtilizationCheck
3.3.3 trainingSingleHostSimulatedAccelerators
3.3.4 trainingSingleHostClientLimit
3.3.5 trainingDistributedDataAccessibility
3.3.6 trainingIdenticalAcceleratorsPerNode
3.3.7 trainingNodeCapabilityConsistency
3.3.8 trainingResultAggregation
3.4.1 trainingMlpstoragePathArgs
3.4.2 trainingMlpstorageFilesystemCheck
3.6.1 trainingClosedSubmissionChecksum
3.6.2 trainingClosedSubmissionParameters
3.6.3 trainingOpenSubmissionParameters
4.3.1 checkpointDataSizeRatio
4.3.2 checkpointFsyncVerification
4.3.3 checkpointModelConfigurationReq
4.3.4 checkpointAggregateAcceleratorMemory
4.3.5 checkpointSubsetRunValidation
4.3.6 checkpointResultAggregation
4.4.1 checkpointPathArgs
4.4.2 checkpointFilesystemCheck
4.6.1 checkpointClosedMpiProcesses
4.6.2 checkpointClosedAcceleratorsPerHost
4.6.3 checkpointClosedCheckpointParameters
4.6.4 checkpointOpenSubmissionScaling
4.7.1 checkpointCacheFlushValidation
4.7.2 checkpointTotalTestDuration
4.7.3 checkpointRemappingTimeReporting
4.7.4 checkpointSimultaneousRwSupport
5.1.1 vdbDatasetScale
5.1.2 vdbDimensionConsistency
5.2.1 vdbCollectionPopulated
5.2.2 vdbIndexBuildCompleted
5.3.1 vdbRunCount
5.3.2 vdbRecallReported
5.3.3 vdbQueryCountMinimum
5.3.4 vdbMetricsReported
5.3.5 vdbGroundTruthIntegrity
5.4.1 vdbPathArgs
5.4.2 vdbFilesystemCheck
5.5.1 vdbObjectStorageBackend
5.6.1 vdbClosedSubmissionChecksum
5.6.2 vdbClosedDatabaseBackend
5.6.3 vdbClosedIndexTypes
5.6.4 vdbClosedSubmissionParameters
5.6.5 vdbOpenSubmissionParameters
6.3.1.1 kvcacheFixedWorkloadPerOption
6.3.2.1 kvcacheClosedSequenceLocks
6.3.2.2 kvcacheAutoscalingProhibited
6.3.3.1 kvcacheClientDefinition
6.3.3.2 kvcacheScaleUpModel
6.3.3.3 kvcachePerClientIsolation
6.3.3.4 kvcacheSharedResultsDir
6.3.4.1 kvcacheAggregateBandwidth
6.3.4.2 kvcacheAggregateThroughput
6.3.4.3 kvcacheAggregateDeviceLatency
6.3.4.4 kvcacheLatencyValidity
6.3.4.5 kvcacheHeadlineResult
6.4.1 kvcachePosixCacheDir
6.4.2 kvcachePosixIoModel
6.5.1 kvcacheObjectViaGateway
6.5.2 kvcacheObjectLatencyScope
6.6.1 kvcacheClosedImmutable
6.6.2 kvcacheOpenAllowances
6.6.3 kvcacheOpenInvocationNote
CHECK-01 poolPointerResolution
CHECK-02 poolImageSelfConsistency
CHECK-03 poolOrphanCheck
CHECK-04 poolLegacyCheck
PROV-01 leafProvenance
PROV-02 submissionManifest
LEAF-01 runLeafMetadata
RPT-01 rollupTableAgreement
EDN-01 rulesEdition
EDN-02 comparabilityClass
EDN-03 dlioRevision
EDN-04 checkableEdition
"""
NEWEST = dict(map(str.split, LISTED.strip().splitlines()))
"""Every numbered rule of the text of 3.0 and of what came with its manifests, by the name that it has there."""

TRAINING = {"2.1.11", "3.1.2", "3.2.1", "3.3.2", "3.3.5", "3.3.6", "3.6.2", "3.6.3"}
CHECKPOINTING = {number for number in NEWEST if number.startswith("4.")}
TEXT = {
    "1.0": TRAINING,
    "2.0": TRAINING | CHECKPOINTING | {"2.1.18", "3.1.1", "3.6.1"},
    "3.0": set(NEWEST),
}
"""By edition; what 1.0 and 2.0 say in prose has the number that 3.0 gave it."""


@pytest.mark.parametrize("edition", edition_names())
def test_every_id_of_the_text_is_a_rule_of_that_name_or_is_listed_with_a_reason(edition):
    known = {(rule.id, rule.name) for rule in RULES.values() if edition in rule.editions}
    listed = load_edition(edition)["not_checked"]
    for number in sorted(TEXT[edition]):
        name = NEWEST[number]
        assert ((number, name) in known) is not (f"{number} {name}" in listed)


@pytest.mark.parametrize("edition", edition_names())
def test_every_rule_has_a_number_of_the_text_or_says_that_it_has_none(edition):
    numbers = {rule.id for rule in RULES.values() if edition in rule.editions}
    assert numbers <= {*NEWEST, "run", "sub", "x"}


@pytest.mark.parametrize("edition", edition_names())
def test_every_reason_says_something(edition):
    assert all(len(reason) > 20 for reason in load_edition(edition)["not_checked"].values())
