#!/usr/bin/env bash
# Creates what the service needs in AWS: a bucket, a queue with its dead-letter queue, and the notification of objects that users put
# under incoming/. LocalStack runs it at each start; what exists is kept or set to the same values again.
# It is also the list of what to create in AWS itself: there use `aws` instead of `awslocal`.
set -euo pipefail

bucket=oms
queue=oms-jobs
dead_letters=oms-jobs-dead

arn_of() {
  awslocal sqs get-queue-attributes --queue-url "$1" --attribute-names QueueArn --query Attributes.QueueArn --output text
}

# Dead messages are kept for 14 days, the longest that SQS keeps any.
dead_letters_url=$(awslocal sqs create-queue --queue-name "$dead_letters" --query QueueUrl --output text)
awslocal sqs set-queue-attributes --queue-url "$dead_letters_url" --attributes MessageRetentionPeriod=1209600
dead_letters_arn=$(arn_of "$dead_letters_url")

queue_url=$(awslocal sqs create-queue --queue-name "$queue" --query QueueUrl --output text)
queue_arn=$(arn_of "$queue_url")

# The service itself puts aside what it gives up; 1,000 deliveries are for messages that nobody gets to look at.
redrive='{ "deadLetterTargetArn": "'"$dead_letters_arn"'", "maxReceiveCount": 1000 }'
# Of all services S3 may send, and only for this bucket.
policy='{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Principal": { "Service": "s3.amazonaws.com" },
    "Action": "sqs:SendMessage",
    "Resource": "'"$queue_arn"'",
    "Condition": { "ArnEquals": { "aws:SourceArn": "arn:aws:s3:::'"$bucket"'" } }
  }]
}'
# The visibility timeout is also the lease of a worker on a file.
awslocal sqs set-queue-attributes --queue-url "$queue_url" --attributes \
  "VisibilityTimeout=60,MessageRetentionPeriod=1209600,RedrivePolicy='$redrive',Policy='$policy'"

awslocal s3api head-bucket --bucket "$bucket" >/dev/null 2>&1 || awslocal s3api create-bucket --bucket "$bucket" >/dev/null

awslocal s3api put-bucket-notification-configuration --bucket "$bucket" --notification-configuration '{
  "QueueConfigurations": [{
    "Id": "incoming",
    "QueueArn": "'"$queue_arn"'",
    "Events": ["s3:ObjectCreated:*"],
    "Filter": { "Key": { "FilterRules": [{ "Name": "prefix", "Value": "incoming/" }] } }
  }]
}'

# Last, as the health check of the container asks for it.
# Parts of unfinished uploads are stored, and paid for, until the upload is aborted.
awslocal s3api put-bucket-lifecycle-configuration --bucket "$bucket" --lifecycle-configuration '{
  "Rules": [{
    "ID": "abort-uploads-left",
    "Status": "Enabled",
    "Filter": { "Prefix": "" },
    "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 1 }
  }]
}'
