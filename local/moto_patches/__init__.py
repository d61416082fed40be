"""What AWS does and moto does not do, or does otherwise, as far as this project needs it.

Each function in these modules replaces a function of moto, and importing this package installs all
of them. The docstring of each function names AWS's documentation, and the issue in getmoto/moto
where one is known. The patches reach into moto's internals, so moto is pinned to one version.
moto's services exist once in a process, and so does the `Wiring` that connects them to ours.

module           what AWS does                                     what moto does instead
---------------  ------------------------------------------------  ---------------------------------
awslambda        refuses an image that does not start              never starts an image
                 keeps LoggingConfig                               drops it
                 returns an image's command only if it is set      returns an empty one
                 updates every setting and the architecture        ignores five of them
batch            (loads in 0 s: this project does not use Batch)   loads EC2 too, in 0.8 s
cloudfront       has response headers policies                     has none
                 keeps an origin's access control                  drops it
                 returns a cache policy or forwarded values        returns both
                 returns the one certificate that is set           returns all three kinds
cognitoidentity  keeps the roles of an identity pool               does not know them
                 keeps AllowClassicFlow                            drops it
cognitoidp       refuses to delete a protected user pool           deletes it
cognitosignin    checks the password by SRP (moto#7562)            accepts any password
                 revokes refresh tokens                            does not know RevokeToken
                 gives each signed-in user one identity            gives a new one, to any caller
                 gives credentials for an hour, after a sign-in    gives 90 s, to any caller
core             (speed) finds a service's server at once          searches its folder each time
                 (memory) forgets what is deleted                  keeps every object
cors             answers only origins that the owner allows        answers every origin
                 answers a preflight request without a signature   refuses it for existing objects
distributedmap   accepts whole percentages, and Arguments          its grammar does not
                 lists every page of a bucket                      lists one, fails if it is empty
                 writes a manifest and the children's results      writes an empty manifest
                 uses PascalCase for StartExecution in a task      passes names on unchanged
dynamodb         checks a condition and writes in one step         in two steps, in any thread
                 ends a page at its limit                          only if more rows follow
                 (speed) writes and queries touch few rows         copies and sorts the whole table
eventbridge      starts state machines as targets (moto#8452)      only for its own notifications
                 transforms the input of every event               only that of PutEvents
                 sends nothing by disabled rules                   sends
                 keeps undelivered events in a dead-letter queue   loses them
s3               writes atomically                                 reads and writes in two steps
                 deletes a key's last delete marker                fails
                 sends one event for each change (moto#7363)       two for multipart uploads; for
                                                                   deletions only the last version's
                 returns the EventBridge configuration             leaves it out
                 takes any Unicode in a key                        finds no path with a line break
                 encodes keys in ListObjectVersions if asked       only in its other lists
                 applies a statement whose conditions hold         denies if they do not hold
                 allows log delivery by a bucket policy            fails on lists and Principal *
                 (speed) finds versions by prefix                  copies and searches the bucket
                 (memory) stores any number of objects             keeps 4 MB of each in memory
sqs              keeps the attributes that a call does not set     drops the policy
                 has RedriveAllowPolicy                            does not know it
stepfunctions    evaluates JSONata (moto#10105)                    raises TypeError
                 refuses definitions with a bad expression         accepts them
                 names an execution, and uses a name once          needs a name, and races
                 refuses inputs over 256 KiB, of compact UTF-8     counts spaces and escapes
                 sends status changes to EventBridge               sends nothing
                 lists the published versions                      does not
                 answers InvalidDefinition                         an error without a code
                 reads definitions as JSON, one by one             mixes escapes and languages
                 ends the branches of a stopped execution          raises in one not yet begun
                 sets variables when a state is left               at once, before Output
                 keeps some errors from wildcards                  lets wildcards match all
                 passes any error of a branch on                   fails on names with States.
                 names errors after the SDK's service              after another name
                 (speed) waits between retries                     waits in full, in tests too
syntax           (Python 3.11: threads share a counter)            builds syntax trees in threads
"""

# batch comes before every module that imports moto's Step Functions
from local.moto_patches import (
    awslambda,
    batch,
    cloudfront,
    cognitoidentity,
    core,
    distributedmap,
    dynamodb,
    eventbridge,
    s3,
    sqs,
    stepfunctions,
    syntax,
)
from local.moto_patches.wiring import Wiring, connected

__all__ = [
    "Wiring",
    "awslambda",
    "batch",
    "cloudfront",
    "cognitoidentity",
    "connected",
    "core",
    "distributedmap",
    "dynamodb",
    "eventbridge",
    "s3",
    "sqs",
    "stepfunctions",
    "syntax",
]
