mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }
}

variables {
  account_id = "123456789012"
  region     = "eu-west-1"

  images = {
    extract = {
      digest       = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
      architecture = "arm64"
    }
    thumbnail = {
      digest       = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
      architecture = "arm64"
    }
    tag = {
      digest       = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
      architecture = "arm64"
      label_model  = false
    }
  }
}

run "refuses_a_bucket_name_with_dots" {
  command = plan

  plan_options { target = [module.extract] }

  variables { adopted_bucket = { name = "photos.example.com" } }

  expect_failures = [var.adopted_bucket]
}

run "refuses_a_prefix_that_is_no_folder" {
  command = plan

  plan_options { target = [module.extract] }

  variables { adopted_bucket = { name = "old-photos", prefix = "photos" } }

  expect_failures = [var.adopted_bucket]
}

run "refuses_a_prefix_that_has_a_meaning_in_a_policy" {
  command = plan

  plan_options { target = [module.extract] }

  variables { adopted_bucket = { name = "old-photos", prefix = "photo*/" } }

  expect_failures = [var.adopted_bucket]
}

run "refuses_a_prefix_with_two_spaces" {
  command = plan

  plan_options { target = [module.extract] }

  variables { adopted_bucket = { name = "old-photos", prefix = "old  photos/" } }

  expect_failures = [var.adopted_bucket]
}

run "refuses_its_own_bucket" {
  command = plan

  plan_options { target = [module.extract] }

  variables { adopted_bucket = { name = "gallery-derived-123456789012-eu-west-1" } }

  expect_failures = [var.adopted_bucket]
}

run "refuses_to_move_photos_of_an_adopted_bucket" {
  command = plan

  plan_options { target = [module.photos] }

  variables {
    adopted_bucket         = { name = "old-photos" }
    photos_transition_days = { STANDARD_IA = 30 }
  }

  expect_failures = [var.photos_transition_days]
}

run "asks_the_buckets_owner_to_allow_no_role_that_does_not_exist" {
  command = plan

  plan_options { target = [data.aws_iam_policy_document.adopted_bucket] }

  variables {
    adopted_bucket = { name = "old-photos", account_id = "210987654321" }
    client         = false
    site           = false
  }

  assert {
    condition     = length(local.reader_arns) == 5 && !strcontains(join(" ", local.reader_arns), "-client-")
    error_message = "Without users there is no role of users: ${jsonencode(local.reader_arns)}"
  }
}

run "refuses_an_owner_that_is_a_path" {
  command = plan

  plan_options { target = [module.extract] }

  variables { adopted_bucket = { name = "old-photos", owner = "ada/bob" } }

  expect_failures = [var.adopted_bucket]
}

run "refuses_an_alias_of_a_key_and_half_an_account" {
  command = plan

  plan_options { target = [module.extract] }

  variables {
    adopted_bucket = {
      name        = "old-photos"
      kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:alias/photos"
      account_id  = "1234"
    }
  }

  expect_failures = [var.adopted_bucket]
}

run "tells_the_page_that_it_only_reads" {
  command = plan

  plan_options { target = [module.site] }

  variables {
    adopted_bucket = { name = "old-photos", prefix = "family/" }
  }

  assert {
    condition     = jsonencode(local.page_storage) == jsonencode({ key_layout = { prefix = "family/" }, read_only = true })
    error_message = "Without a trash or an owner: ${jsonencode(local.page_storage)}"
  }
}

run "tells_the_page_of_its_own_bucket_no_layout" {
  command = plan

  plan_options { target = [module.site] }

  assert {
    condition     = jsonencode(local.page_storage) == jsonencode({ delete_for_good = true, trash_days = 30 })
    error_message = "As before: ${jsonencode(local.page_storage)}"
  }
}

run "matches_every_key_without_a_prefix" {
  command = plan

  plan_options { target = [module.workflow] }

  variables {
    adopted_bucket = { name = "old-photos", owner = "ada" }
  }

  assert {
    condition     = [for pattern in local.start_patterns : jsonencode(pattern.detail)] == [for _ in range(2) : "{\"bucket\":{\"name\":[\"old-photos\"]}}"]
    error_message = "An empty prefix is in no pattern: ${jsonencode(local.start_patterns)}"
  }
}
