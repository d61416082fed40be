# Uses the real provider, which renders policies and checks arguments. A plan of new resources sends
# no requests to AWS.
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  name = "gallery-photos-123456789012-eu-west-1"
  cors = {
    allowed_headers = ["authorization", "x-amz-*"]
    allowed_methods = ["POST", "PUT"]
    expose_headers  = ["ETag", "x-amz-version-id"]
    max_age_seconds = 60
  }
  cors_origins            = ["https://photos.example.com"]
  log_bucket              = "gallery-logs-123456789012-eu-west-1"
  log_prefix              = "photos/"
  noncurrent_version_days = 30
  notify_eventbridge      = true
}

run "is_private_and_requires_tls" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "All four public access blocks must be on."
  }

  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "The bucket owner must own every object, and ACLs must be disabled."
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy).Statement == [{
      Sid       = "DenyCustomerKeys"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = "arn:aws:s3:::gallery-photos-123456789012-eu-west-1/*"
      Condition = { Null = { "s3:x-amz-server-side-encryption-customer-algorithm" = "false" } }
      }, {
      Sid       = "DenyInsecureTransport"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource = [
        "arn:aws:s3:::gallery-photos-123456789012-eu-west-1/*",
        "arn:aws:s3:::gallery-photos-123456789012-eu-west-1",
      ]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "The policy must deny keys of the uploader, and every action without TLS, on the bucket and its objects: ${aws_s3_bucket_policy.this.policy}"
  }
}

run "adds_policy_json_to_the_tls_statement" {
  command = plan

  variables {
    policy_json = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "AllowAccessLogs"
        Effect    = "Allow"
        Principal = { Service = "logging.s3.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "arn:aws:s3:::gallery-photos-123456789012-eu-west-1/photos/*"
      }]
    })
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.this.policy).Statement[*].Sid == ["AllowAccessLogs", "DenyCustomerKeys", "DenyInsecureTransport"]
    error_message = "The policy must contain policy_json and the bucket's own statements."
  }
}

run "allows_the_given_distributions_to_read" {
  command = plan

  variables {
    cloudfront = { distribution_arns = ["arn:aws:cloudfront::123456789012:distribution/E1234567890ABC"] }
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy).Statement[0] == {
      Sid       = "AllowCloudFrontRead"
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::gallery-photos-123456789012-eu-west-1/*"
      Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/E1234567890ABC" } }
    }
    error_message = "CloudFront must be allowed to read objects for that distribution only: ${aws_s3_bucket_policy.this.policy}"
  }
}

run "allows_several_distributions_to_read_one_prefix" {
  command = plan

  variables {
    cloudfront = {
      distribution_arns = [
        "arn:aws:cloudfront::123456789012:distribution/E1234567890ABC",
        "arn:aws:cloudfront::123456789012:distribution/E1234567890DEF",
      ]
      prefix = "shares/"
    }
  }

  assert {
    condition = (
      jsondecode(aws_s3_bucket_policy.this.policy).Statement[0].Resource == "arn:aws:s3:::gallery-photos-123456789012-eu-west-1/shares/*" &&
      tolist(jsondecode(aws_s3_bucket_policy.this.policy).Statement[0].Condition.StringEquals["aws:SourceArn"]) == tolist(var.cloudfront.distribution_arns)
    )
    error_message = "CloudFront must be allowed to read the prefix for these distributions only: ${aws_s3_bucket_policy.this.policy}"
  }
}

run "encrypts_with_the_given_key_and_a_bucket_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition = alltrue([
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled,
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms",
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn,
    ])
    error_message = "Encryption must use kms_key_arn with a bucket key."
  }
}

run "cleans_up_versions_and_incomplete_uploads" {
  command = plan

  assert {
    condition     = aws_s3_bucket_versioning.this[0].versioning_configuration[0].status == "Enabled"
    error_message = "noncurrent_version_days must enable versioning."
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      one(rule.noncurrent_version_expiration).noncurrent_days if length(rule.noncurrent_version_expiration) > 0
    ] == [30]
    error_message = "Noncurrent versions must expire after noncurrent_version_days."
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      one(rule.abort_incomplete_multipart_upload).days_after_initiation if length(rule.abort_incomplete_multipart_upload) > 0
    ] == [1]
    error_message = "Parts of incomplete uploads must be deleted after a day."
  }
}

run "expires_every_object_if_set" {
  command = plan

  variables {
    expiration_days         = 90
    noncurrent_version_days = null
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.expiration[0].days if rule.id == "expire"] == [90]
    error_message = "Objects must expire after expiration_days."
  }
}

run "expires_the_objects_of_each_prefix" {
  command = plan

  variables {
    expiration_days_by_prefix = { "shares/1/" = 1, "shares/90/" = 90 }
    noncurrent_version_days   = null
  }

  assert {
    condition = {
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      rule.filter[0].prefix => rule.expiration[0].days if length(rule.expiration) > 0
    } == { "shares/1/" = 1, "shares/90/" = 90 }
    error_message = "The objects of each prefix must expire after its days."
  }
}

run "allows_pages_of_cors_origins_to_upload" {
  command = plan

  assert {
    condition = alltrue([
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_methods == toset(["POST", "PUT"]),
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_origins == toset(["https://photos.example.com"]),
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).expose_headers == toset(["ETag", "x-amz-version-id"]),
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_headers == toset(["authorization", "x-amz-*"]),
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).max_age_seconds == 60,
    ])
    error_message = "The CORS rule must match cors and cors_origins."
  }
}

run "logs_requests_and_sends_events" {
  command = plan

  assert {
    condition     = aws_s3_bucket_logging.this[0].target_bucket == var.log_bucket && aws_s3_bucket_logging.this[0].target_prefix == "photos/"
    error_message = "Access logs must go to log_bucket, under log_prefix."
  }

  assert {
    condition     = aws_s3_bucket_notification.this[0].eventbridge
    error_message = "S3 must send events to EventBridge."
  }
}

run "options_are_off_by_default" {
  command = plan

  variables {
    cors_origins            = []
    log_bucket              = null
    noncurrent_version_days = null
    notify_eventbridge      = false
  }

  assert {
    condition     = length(aws_s3_bucket_versioning.this) == 0
    error_message = "Without noncurrent_version_days there must be no versioning."
  }

  assert {
    condition     = join(" ", aws_s3_bucket_lifecycle_configuration.this.rule[*].id) == "abort-incomplete-uploads"
    error_message = "Without expiration_days no object must expire."
  }

  assert {
    condition     = length(aws_s3_bucket_cors_configuration.this) == 0
    error_message = "Without cors_origins there must be no CORS."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "Without kms_key_arn encryption must use S3's own key."
  }

  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "By default a bucket that contains objects must be protected from destruction."
  }

  assert {
    condition     = length(aws_s3_bucket_logging.this) == 0 && length(aws_s3_bucket_notification.this) == 0
    error_message = "Without log_bucket and notify_eventbridge there must be no logs and no events."
  }
}
