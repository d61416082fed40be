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
  name      = "gallery"
  hash_key  = "pk"
  range_key = "sk"
  indexes = {
    by_album   = { hash_key = "pk", range_key = "album_key", projection = "INCLUDE", non_key_attributes = ["title", "key"] }
    by_time    = { hash_key = "pk", range_key = "time_key" }
    processing = { hash_key = "processing_shard", range_key = "updated_at", projection = "KEYS_ONLY" }
  }
}

run "has_the_given_keys_and_indexes" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.this.hash_key == "pk" && aws_dynamodb_table.this.range_key == "sk"
    error_message = "The table must have the keys of hash_key and range_key."
  }

  assert {
    condition = {
      for index in aws_dynamodb_table.this.global_secondary_index :
      index.name => join(" ", concat([index.hash_key, index.range_key, index.projection_type], sort(index.non_key_attributes)))
      } == {
      by_album   = "pk album_key INCLUDE key title"
      by_time    = "pk time_key ALL"
      processing = "processing_shard updated_at KEYS_ONLY"
    }
    error_message = "Each index must have its keys and its projection, which is ALL by default."
  }
}

run "declares_each_key_once_and_nothing_else" {
  command = plan

  assert {
    condition = sort([for attribute in aws_dynamodb_table.this.attribute : "${attribute.name} ${attribute.type}"]) == sort([
      "album_key S", "pk S", "processing_shard S", "sk S", "time_key S", "updated_at S",
    ])
    error_message = "Each key attribute must be declared, and no other attribute."
  }
}

run "is_billed_per_request" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST"
    error_message = "The billing mode must be PAY_PER_REQUEST."
  }
}

run "has_point_in_time_recovery" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.this.point_in_time_recovery[0].enabled
    error_message = "Point-in-time recovery must be on."
  }
}

run "is_encrypted_with_the_aws_managed_key" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.this.server_side_encryption[0].enabled
    error_message = "The table must be encrypted with a key in the account."
  }
}

run "is_encrypted_with_the_given_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition     = aws_dynamodb_table.this.server_side_encryption[0].kms_key_arn == var.kms_key_arn
    error_message = "The table must be encrypted with kms_key_arn."
  }
}

run "is_protected_from_deletion_by_default" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.this.deletion_protection_enabled
    error_message = "By default DynamoDB must refuse to delete the table."
  }
}
